#include "flow/publication.hpp"

#include <utility>

#include "base/check.hpp"

namespace scalemart {
namespace {

Offer offer_of(const Ledger& ledger, ProductRef ref) {
  const Product& product = ledger.product(ref);
  return {ref, product.spec, product.paused, product.removed, std::make_shared<LiveStock>()};
}

}  // namespace

void Publication::load(const Ledger& ledger) {
  std::vector<Offer> offers;
  for (std::uint32_t i = 0; i < ledger.product_count(); ++i) {
    offers.push_back(offer_of(ledger, ProductRef{i}));
    offers.back().live->publish(ledger.product(ProductRef{i}).stock, ledger.sequence());
  }
  catalogue_.load(std::move(offers));
  catalogue_.advance(ledger.sequence());
  ledger.for_each_order([this, &ledger](const OrderBrief& order) {
    if (!order.key.empty()) used_keys_.add(order.buyer, order.key);
    const bool was_sold = order.status == OrderStatus::confirmed || order.status == OrderStatus::refunded;
    if (!was_sold) return;
    const Currency currency = ledger.product(order.product).spec->currency;
    counts_.sold(currency, order.quantity, order.total());
    if (order.status == OrderStatus::refunded) counts_.refunded(currency, order.quantity, order.total());
  });
  publish_counts(ledger);
}

/// What one kind of record means to others.
struct Publication::Notice {
  Publication& self;
  const Ledger& ledger;
  WallTime at;

  void operator()(const record::ProductCreated& r) const { changed(r.product); }
  void operator()(const record::ProductChanged& r) const { changed(r.product); }
  void operator()(const record::ProductRemoved& r) const { changed(r.product); }
  void operator()(const record::PauseSet& r) const { changed(r.product); }
  void operator()(const record::StockAdjusted& r) const { self.touch(r.product); }
  void operator()(const record::Reserved& r) const {
    if (!r.key.empty()) self.used_keys_.add(r.buyer, r.key);
    self.touch(r.product);
    ++self.accepted_[index_of(r.product)];
  }
  void operator()(const record::Begun& r) const {
    // A lease of a confirmed order, for its papers, changes nothing that a buyer sees.
    if (const auto brief = ledger.brief(r.order); brief && is_open(brief->status))
      tell(r.order, OrderStatus::processing);
  }
  void operator()(const record::Confirmed& r) const {
    const OrderBrief brief = moved(r.order, OrderStatus::confirmed);
    self.counts_.sold(ledger.product(brief.product).spec->currency, brief.quantity, brief.total());
  }
  void operator()(const record::Refunded& r) const {
    const OrderBrief brief = moved(r.order, OrderStatus::refunded, StatusReason::refunded_by_admin);
    self.counts_.refunded(ledger.product(brief.product).spec->currency, brief.quantity, brief.total());
  }
  void operator()(const record::Failed& r) const { static_cast<void>(moved(r.order, OrderStatus::failed, r.reason)); }
  void operator()(const record::Expired& r) const {
    static_cast<void>(moved(r.order, OrderStatus::expired, StatusReason::hold_expired));
  }
  void operator()(const record::Cancelled& r) const {
    static_cast<void>(moved(r.order, OrderStatus::cancelled, StatusReason::cancelled_by_buyer));
  }
  void operator()(const record::StepFinished&) const {}
  void operator()(const record::Parked&) const {}
  void operator()(const record::Unparked&) const {}

 private:
  void tell(OrderId id, OrderStatus status, StatusReason reason = StatusReason::none) const {
    if (self.listener_.order_changed) self.listener_.order_changed({id, status, reason, at});
  }
  /// Units went from one place to another.
  OrderBrief moved(OrderId id, OrderStatus status, StatusReason reason = StatusReason::none) const {
    const auto brief = ledger.brief(id);
    SCALEMART_CHECK(brief.has_value());
    self.touch(brief->product);
    tell(id, status, reason);
    return *brief;
  }
  void changed(ProductRef ref) const {
    const Product& product = ledger.product(ref);
    self.catalogue_.set(ref, product.spec, product.paused, product.removed);
    self.touch(ref);
  }
};

void Publication::publish(std::span<const Record> records, const Ledger& ledger) {
  if (records.empty()) return;
  for (const Record& record : records) std::visit(Notice{*this, ledger, record.at}, record.payload);
  const auto offers = catalogue_.current();
  for (const ProductRef ref : touched_) {
    LiveStock& live = *offers->at(ref).live;
    live.publish(ledger.product(ref).stock, ledger.sequence());
    if (const auto orders = std::exchange(accepted_[index_of(ref)], 0); orders > 0) live.count_accepted(orders);
    if (listener_.product_changed) listener_.product_changed(ref);
    is_touched_[index_of(ref)] = false;
  }
  touched_.clear();
  catalogue_.advance(ledger.sequence());
  publish_counts(ledger);
}

void Publication::touch(ProductRef product) {
  const auto index = index_of(product);
  if (index >= is_touched_.size()) {
    is_touched_.resize(index + 1);
    accepted_.resize(index + 1);
  }
  if (is_touched_[index]) return;
  is_touched_[index] = true;
  touched_.push_back(product);
}

void Publication::publish_counts(const Ledger& ledger) {
  for (int i = 0; i < kOrderStatusCount; ++i) {
    const auto status = static_cast<OrderStatus>(i);
    counts_.set_status(status, ledger.order_count(status));
  }
  counts_.set_parked(ledger.parked_count());
}

}  // namespace scalemart
