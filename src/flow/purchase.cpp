#include "flow/purchase.hpp"

namespace scalemart {

std::optional<Answer> Purchase::begin(const BuyIntent& intent, AnswerSink& sink, std::uint64_t token) {
  const Offer* offer = offers_.offers().find(intent.product_id);
  Answer answer;
  answer.quantity = intent.quantity;
  if (offer == nullptr) {
    answer.outcome = Outcome::product_not_found;
    return answer;
  }
  answer.product = offer->ref;

  const WallTime now = clock_.now();
  const bool may_be_retry = !intent.key.empty() && used_keys_.may_contain(intent.buyer, intent.key);
  if (!may_be_retry) {
    const LiveStock::State state = catalogue_.read(*offer);
    answer.outcome = refusal_of(*offer, state.stock, intent.quantity, now);
    if (answer.outcome != Outcome::done) {
      answer.sequence = state.sequence;
      answer.final = answer.outcome == Outcome::out_of_stock && state.stock.held == 0;
      return answer;
    }
  }

  const Reserve reserve{
      new_ulid<OrderId>(now, random_), intent.buyer, offer->ref, intent.quantity, options_.hold_ms, intent.key};
  // Before a worker can have it.
  if (intent.caller && options_.traces != nullptr) options_.traces->remember(reserve.order, *intent.caller);
  if (ledger_.submit(Ticket{reserve, &sink, token, intent.deadline})) return std::nullopt;
  answer.outcome = Outcome::overloaded;
  return answer;
}

}  // namespace scalemart
