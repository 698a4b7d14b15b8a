#include "app/journal_facts.hpp"

#include <future>

namespace scalemart {
namespace {

struct FactOf {
  ShopFact& fact;
  const Ledger& ledger;

  bool operator()(const record::ProductCreated& r) const { return product(r.product, ProductFact::Kind::created); }
  bool operator()(const record::ProductChanged& r) const { return product(r.product, ProductFact::Kind::changed); }
  bool operator()(const record::ProductRemoved& r) const { return product(r.product, ProductFact::Kind::removed); }
  bool operator()(const record::PauseSet& r) const {
    return product(r.product, r.paused ? ProductFact::Kind::paused : ProductFact::Kind::resumed);
  }
  bool operator()(const record::StockAdjusted& r) const {
    fact.stock = r.product;
    return true;
  }
  bool operator()(const record::Reserved& r) const { return order(r.order, OrderStatus::pending); }
  bool operator()(const record::Confirmed& r) const {
    return order(r.order, OrderStatus::confirmed, StatusReason::none, r.payment_reference);
  }
  bool operator()(const record::Failed& r) const { return order(r.order, OrderStatus::failed, r.reason); }
  bool operator()(const record::Expired& r) const {
    return order(r.order, OrderStatus::expired, StatusReason::hold_expired);
  }
  bool operator()(const record::Cancelled& r) const {
    return order(r.order, OrderStatus::cancelled, StatusReason::cancelled_by_buyer);
  }
  bool operator()(const record::Refunded& r) const {
    return order(r.order, OrderStatus::refunded, StatusReason::refunded_by_admin);
  }
  bool operator()(const record::Begun&) const { return false; }
  bool operator()(const record::StepFinished&) const { return false; }
  bool operator()(const record::Parked&) const { return false; }
  bool operator()(const record::Unparked&) const { return false; }

 private:
  [[nodiscard]] bool product(ProductRef ref, ProductFact::Kind kind) const {
    fact.what = ProductFact{kind, ledger.product(ref).spec};
    fact.stock = ref;
    return true;
  }
  [[nodiscard]] bool order(OrderId id, OrderStatus status, StatusReason reason = StatusReason::none,
                           const std::string& payment = {}) const {
    const auto brief = ledger.brief(id);
    if (!brief) return false;
    const ProductSpec& spec = *ledger.product(brief->product).spec;
    fact.what =
        OrderFact{id,     brief->buyer, spec.id, spec.details.name, brief->quantity, brief->unit_price, spec.currency,
                  status, reason,       payment};
    fact.stock = brief->product;
    return true;
  }
};

}  // namespace

std::optional<ShopFact> fact_of(const Record& record, const Ledger& ledger) {
  ShopFact fact;
  fact.sequence = record.sequence;
  fact.at = record.at;
  if (!std::visit(FactOf{fact, ledger}, record.payload)) return std::nullopt;
  return fact;
}

Result<ShopFactPage> JournalFacts::read(Sequence after, std::size_t max) {
  // Shared with the sequencer, which may be stopping and never run it.
  auto result = std::make_shared<std::promise<Result<ShopFactPage>>>();
  auto future = result->get_future();
  const bool taken = engine_.sequencer().read_journal([result, after, max](const Ledger& ledger, Journal& journal) {
    ShopFactPage page;
    const auto read = journal.read(after, max, [&](const Record& record) {
      if (auto fact = fact_of(record, ledger)) page.facts.push_back(std::move(*fact));
    });
    if (!read) return result->set_value(read.error());
    page.read_to = *read;
    result->set_value(std::move(page));
  });
  if (!taken) return error("the ledger takes no reads at the moment");
  return future.get();
}

std::optional<StockNow> JournalFacts::stock(ProductRef product) const {
  const auto offers = engine_.catalogue().current();
  const Offer* offer = offers->look(product);
  if (offer == nullptr) return std::nullopt;
  const LiveStock::State state = engine_.catalogue().read(*offer);
  const WallTime now = engine_.clock().now();
  return StockNow{offer->spec->id, state.stock, state_at(offer->spec->terms, state.stock, offer->paused, now),
                  state.sequence, now};
}

}  // namespace scalemart
