#include "gateway/dead_letter_batch.hpp"

#include <boost/json/array.hpp>

#include "gateway/render.hpp"

namespace scalemart {

namespace {

/// The table's sentences are for buyers.
std::string_view sentence_of(Outcome outcome) {
  if (outcome == Outcome::order_not_found) return "This order is not among the dead letters.";
  if (outcome == Outcome::overloaded) return "Something behind us was too busy; nothing was done. Please try again.";
  if (outcome == Outcome::read_only) return "Nothing can be stored at the moment; nothing was done.";
  return refused(outcome).detail;
}

}  // namespace

void DeadLetterBatch::start(std::vector<OrderId> orders, std::size_t more) {
  for (const OrderId order : orders) items_.push_back({order});
  more_ = more;
  until_ = s_.clock.steady() + kBeginWithin;
  advance();
}

void DeadLetterBatch::advance() {
  {
    std::unique_lock lock(mutex_);
    if (advancing_) return;  // whoever does sees what has ended meanwhile
    advancing_ = true;
    while (begun_ < items_.size() && begun_ - ended_ < kAtOnce) {
      const std::size_t index = begun_++;
      lock.unlock();
      begin(index);
      lock.lock();
    }
    advancing_ = false;
    if (ended_ < items_.size()) return;
  }
  tell();
}

void DeadLetterBatch::begin(std::size_t index) {
  if (s_.clock.steady() >= until_) return ended(index, Outcome::overloaded);
  AuditEntry entry = entry_;
  entry.target = to_string(items_[index].order);
  const bool taken =
      s_.accounts.append_audit(std::move(entry), [self = shared_from_this(), index](StoreOutcome written) {
        if (written != StoreOutcome::done) return self->ended(index, Outcome::read_only);
        (self->s_.fulfilment.*self->action_)(self->items_[index].order,
                                             [self, index](Outcome outcome) { self->ended(index, outcome); });
      });
  if (!taken) ended(index, Outcome::overloaded);
}

void DeadLetterBatch::ended(std::size_t index, Outcome outcome) {
  {
    const std::lock_guard lock(mutex_);
    items_[index].outcome = outcome;
    ++ended_;
  }
  advance();
}

void DeadLetterBatch::tell() {
  boost::json::array results;
  std::size_t done = 0;
  for (const Item& item : items_) {
    const bool good = is_success(item.outcome);
    done += good;
    results.push_back({{"order_id", to_string(item.order)},
                       {"outcome", good ? std::string_view("done") : refused(item.outcome).code},
                       {"detail", good ? std::string_view() : sentence_of(item.outcome)}});
  }
  const std::size_t failed = results.size() - done;
  done_({{"results", std::move(results)}, {"done", done}, {"failed", failed}, {"remaining", more_}});
}

}  // namespace scalemart
