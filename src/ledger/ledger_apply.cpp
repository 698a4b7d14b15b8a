// What a record does. The same code runs live, after a decision, and on replay.
#include <utility>

#include "base/check.hpp"
#include "ledger/ledger.hpp"
#include "ledger/rules.hpp"

namespace scalemart {
namespace {

/// The arrows of domain/order.hpp.
bool is_arrow(OrderStatus from, OrderStatus to) {
  switch (from) {
    case OrderStatus::pending:
      return to == OrderStatus::processing || to == OrderStatus::expired || to == OrderStatus::cancelled;
    case OrderStatus::processing:
      return to == OrderStatus::confirmed || to == OrderStatus::failed;
    case OrderStatus::confirmed:
      return to == OrderStatus::refunded;
    default:
      return false;
  }
}

void move_units(std::int64_t& from, std::int64_t& to, std::int64_t units) noexcept {
  const bool fits = !__builtin_sub_overflow(from, units, &from) && !__builtin_add_overflow(to, units, &to);
  SCALEMART_CHECK(fits);
}

std::uint16_t narrow(ProductRef ref) {
  return static_cast<std::uint16_t>(index_of(ref));
}

/// A payload that names an existing order, unlike Reserved and those of products.
template <class R>
concept AboutOrder = requires(const R& r) {
  r.order;
}
&&!std::is_same_v<R, record::Reserved>;

}  // namespace

// --- may this record be here? -------------------------------------------------------------------------

struct Ledger::Objection {
  const Ledger& ledger;
  Place place;
  WallTime at;

  static std::string_view unless(bool fine, std::string_view objection) {
    return fine ? std::string_view() : objection;
  }
  static std::string_view unless_done(Outcome outcome) { return unless(outcome == Outcome::done, to_text(outcome)); }
  [[nodiscard]] const OrderRow& row() const { return ledger.orders_->at(place.order); }
  [[nodiscard]] bool is(OrderStatus status) const { return row().status() == status; }

  std::string_view operator()(const record::ProductCreated& r) const {
    return unless(index_of(r.product) == ledger.products_.size() && r.spec && rules::is_valid(*r.spec) &&
                      rules::is_valid_total(r.total) && !ledger.slugs_.contains(r.spec->id),
                  "not a new, valid product");
  }
  std::string_view operator()(const record::ProductChanged& r) const {
    return unless(ledger.exists(r.product) && r.spec && rules::is_valid(*r.spec) &&
                      r.spec->id == ledger.product(r.product).spec->id &&
                      r.spec->currency == ledger.product(r.product).spec->currency,
                  "not a valid change of a product");
  }
  std::string_view operator()(const record::ProductRemoved& r) const {
    return unless(ledger.exists(r.product) && ledger.product(r.product).stock.held == 0,
                  "no such product, or orders are open");
  }
  std::string_view operator()(const record::StockAdjusted& r) const {
    Stock after;
    return unless(ledger.exists(r.product) && rules::adjusted(ledger.product(r.product).stock, r.delta, after),
                  "the stock cannot change by this");
  }
  std::string_view operator()(const record::PauseSet& r) const {
    return unless(ledger.exists(r.product), "no such product");
  }
  std::string_view operator()(const record::Reserved& r) const {
    const bool known = place.buyer != kNoRow && !r.key.empty();
    if (known && ledger.buyers_->find_order(place.buyer, r.key) != kNoRow) return "the idempotency key was used before";
    const Outcome outcome = ledger.may_reserve(r.order, r.buyer, place.buyer, r.product, r.quantity, at);
    if (outcome != Outcome::done) return to_text(outcome);
    return unless(r.unit_price == ledger.product(r.product).spec->terms.price, "not the price of the sale");
  }
  std::string_view operator()(const record::Begun& r) const { return unless_done(rules::may_begin(row(), r.fence)); }
  std::string_view operator()(const record::Confirmed&) const { return unless_done(rules::may_settle(row())); }
  std::string_view operator()(const record::Failed& r) const {
    const bool discarded = r.reason == StatusReason::discarded_by_admin;
    return unless(
        is(OrderStatus::processing) && row().parked() == discarded && (discarded || rules::is_decline(r.reason)),
        "the order cannot fail here");
  }
  std::string_view operator()(const record::Expired&) const { return unless_done(rules::may_expire(row(), at)); }
  std::string_view operator()(const record::Cancelled&) const {
    return unless(is(OrderStatus::pending), "not pending");
  }
  std::string_view operator()(const record::Refunded&) const {
    return unless(is(OrderStatus::confirmed), "not confirmed");
  }
  std::string_view operator()(const record::StepFinished& r) const {
    const bool parked_here = row().parked() && ledger.orders_->note_of(place.order).step == r.step;
    return unless(is(OrderStatus::confirmed) && rules::is_paperwork(r.step) && !rules::is_finished(row(), r.step) &&
                      (r.skipped ? parked_here : !row().parked()),
                  "the step cannot end here");
  }
  std::string_view operator()(const record::Parked& r) const {
    return unless(rules::may_park(row(), r.step) == Outcome::done && r.reason.size() <= kReasonMax,
                  "the order cannot be parked here");
  }
  std::string_view operator()(const record::Unparked&) const { return unless(row().parked(), "not parked"); }
};

Ledger::Place Ledger::place_of(const record::Payload& payload) const {
  return std::visit(
      [this]<class R>(const R& r) {
        Place place;
        if constexpr (AboutOrder<R>) place.order = orders_->find(r.order);
        if constexpr (std::is_same_v<R, record::Reserved>) place.buyer = buyers_->find(r.buyer);
        return place;
      },
      payload);
}

std::string_view Ledger::objection(const Record& record, Place place) const {
  if (record.sequence != sequence_ + 1) return "its sequence is not the next one";
  if (record.at < last_time_ || record.at.ms > static_cast<std::int64_t>(Packed48::kMax)) return "time runs backwards";
  const bool about_order = std::visit([]<class R>(const R&) { return AboutOrder<R>; }, record.payload);
  if (about_order && place.order == kNoRow) return "no such order";
  return std::visit(Objection{*this, place, record.at}, record.payload);
}

Result<void> Ledger::apply(const Record& record) {
  const Place place = place_of(record.payload);
  if (const std::string_view why = objection(record, place); !why.empty())
    return error("record " + std::to_string(record.sequence) + " (kind " + std::to_string(record.payload.index()) +
                 ") does not follow from those before it: " + std::string(why));
  Staged staged = prepare(record.payload, place);
  // ------- point of no return: checked and allocated; nothing below can fail -------
  take_effect(record, place, staged);
  return {};
}

// --- before the point of no return: allocate ----------------------------------------------------------

struct Ledger::Prepare {
  Ledger& ledger;
  Place place;
  Staged& staged;

  void operator()(const record::ProductCreated& r) const {
    auto& products = ledger.products_;
    if (products.size() == products.capacity()) products.reserve(16 + products.size() * 2);
    staged.slug.emplace(r.spec->id, r.product);
    staged.product = std::make_unique<Product>();
  }
  void operator()(const record::Reserved& r) const {
    ledger.orders_->make_room(r.order);
    ledger.buyers_->make_room(place.buyer, r.buyer, r.key, narrow(r.product));
    ledger.holds_->make_room();
  }
  void operator()(const record::Parked& r) const {
    ledger.orders_->thaw(place.order);
    ledger.orders_->make_parking_room(place.order);
    staged.reason = r.reason;
  }
  template <AboutOrder R>
  void operator()(const R&) const {
    ledger.orders_->thaw(place.order);
  }
  template <class R>
  void operator()(const R&) const {}  // changes of a product need no room
};

Ledger::Staged Ledger::prepare(const record::Payload& payload, Place place) {
  Staged staged;
  std::visit(Prepare{*this, place, staged}, payload);
  return staged;
}

// --- after it: nothing here allocates or fails --------------------------------------------------------

struct Ledger::Effect {
  Ledger& ledger;
  Place place;
  Staged& staged;
  Sequence sequence;
  WallTime at;

  [[nodiscard]] Product& product(ProductRef ref) const { return *ledger.products_[index_of(ref)]; }
  [[nodiscard]] Stock& stock_of(const OrderRow& order) const { return ledger.products_[order.product]->stock; }
  [[nodiscard]] OrderRow& edit() const { return ledger.orders_->edit(place.order); }

  OrderRow& change_status(OrderStatus to, StatusReason reason = StatusReason::none) const {
    OrderRow& order = edit();
    const OrderStatus from = order.status();
    SCALEMART_CHECK(is_arrow(from, to));
    ledger.orders_->unpark(place.order);  // what it waited for is over
    --ledger.by_status_[static_cast<std::size_t>(from)];
    ++ledger.by_status_[static_cast<std::size_t>(to)];
    if (from == OrderStatus::pending) order.hold_or_fence = 0;
    order.set_status(to);
    order.set_reason(reason);
    if (from == OrderStatus::pending) ledger.holds_->settle(ledger.order_count(OrderStatus::pending));
    return order;
  }
  /// An open order ends without a sale: units and allowance come back, here and nowhere else.
  ProductRef end_unsold(OrderStatus to, StatusReason reason) const {
    ledger.buyers_->give_back(place.order);
    OrderRow& order = change_status(to, reason);
    order.ended.set(at);
    move_units(stock_of(order).held, stock_of(order).available, order.quantity());
    return ProductRef{order.product};
  }

  // Each returns the product it touched.
  ProductRef operator()(const record::ProductCreated& r) const {
    staged.product->spec = r.spec;
    staged.product->stock = {r.total, r.total, 0, 0};
    ledger.products_.push_back(std::move(staged.product));
    ledger.slugs_.merge(staged.slug);
    return r.product;
  }
  ProductRef operator()(const record::ProductChanged& r) const {
    product(r.product).spec = r.spec;
    return r.product;
  }
  ProductRef operator()(const record::ProductRemoved& r) const {
    product(r.product).removed = true;
    return r.product;
  }
  ProductRef operator()(const record::StockAdjusted& r) const {
    Stock& stock = product(r.product).stock;
    const bool allowed = rules::adjusted(Stock(stock), r.delta, stock);
    SCALEMART_CHECK(allowed);
    return r.product;
  }
  ProductRef operator()(const record::PauseSet& r) const {
    product(r.product).paused = r.paused;
    return r.product;
  }
  ProductRef operator()(const record::Reserved& r) const {
    const Row buyer = place.buyer == kNoRow ? ledger.buyers_->add_buyer(r.buyer) : place.buyer;
    OrderRow order;
    order.id.set(r.order);
    order.key.set(r.key);
    order.buyer = buyer;
    order.previous = ledger.buyers_->newest_order(buyer);
    order.hold_or_fence = r.hold_ms;
    order.sequence.set(sequence);
    order.unit_price.set(static_cast<std::uint64_t>(r.unit_price));
    order.created.set(at);
    order.product = narrow(r.product);
    order.set_quantity(r.quantity);
    const Row row = ledger.orders_->size();
    ledger.orders_->append(order);
    ledger.buyers_->add_order(row);
    ledger.holds_->push(row);
    ++ledger.by_status_[static_cast<std::size_t>(OrderStatus::pending)];

    Product& sold = product(r.product);
    move_units(sold.stock.available, sold.stock.held, r.quantity);
    const SaleTerms& terms = sold.spec->terms;
    SCALEMART_CHECK(!sold.removed && !sold.paused && (!terms.starts_at || at >= *terms.starts_at) &&
                    (!terms.ends_at || at < *terms.ends_at));
    SCALEMART_CHECK(terms.per_user_limit == 0 || ledger.buyers_->units(buyer, order.product) <= terms.per_user_limit);
    return r.product;
  }
  ProductRef operator()(const record::Begun& r) const {
    if (edit().status() == OrderStatus::pending) change_status(OrderStatus::processing).begun.set(at);
    SCALEMART_CHECK(r.fence > edit().fence());
    edit().hold_or_fence = r.fence;
    return ProductRef{edit().product};
  }
  ProductRef operator()(const record::Confirmed&) const {
    OrderRow& order = change_status(OrderStatus::confirmed);
    order.ended.set(at);
    move_units(stock_of(order).held, stock_of(order).sold, order.quantity());
    return ProductRef{order.product};
  }
  ProductRef operator()(const record::Failed& r) const { return end_unsold(OrderStatus::failed, r.reason); }
  ProductRef operator()(const record::Expired&) const {
    return end_unsold(OrderStatus::expired, StatusReason::hold_expired);
  }
  ProductRef operator()(const record::Cancelled&) const {
    return end_unsold(OrderStatus::cancelled, StatusReason::cancelled_by_buyer);
  }
  ProductRef operator()(const record::Refunded&) const {
    ledger.buyers_->give_back(place.order);
    OrderRow& order = change_status(OrderStatus::refunded, StatusReason::refunded_by_admin);
    order.refunded.set(at);
    move_units(stock_of(order).sold, stock_of(order).available, order.quantity());
    return ProductRef{order.product};
  }
  ProductRef operator()(const record::StepFinished& r) const {
    OrderRow& order = edit();
    SCALEMART_CHECK(order.status() == OrderStatus::confirmed && !rules::is_finished(order, r.step));
    const StepState state = r.skipped ? StepState::skipped : StepState::finished;
    if (r.step == Step::invoice)
      order.set_invoice(state);
    else
      order.set_mail(state);
    ledger.orders_->unpark(place.order);
    return ProductRef{order.product};
  }
  ProductRef operator()(const record::Parked& r) const {
    ledger.orders_->park(place.order, ParkedNote{0, r.step, r.attempts, at, std::move(staged.reason)});
    return ProductRef{edit().product};
  }
  ProductRef operator()(const record::Unparked&) const {
    ledger.orders_->unpark(place.order);
    return ProductRef{edit().product};
  }
};

void Ledger::take_effect(const Record& record, Place place, Staged& staged) noexcept {
  SCALEMART_CHECK(record.sequence == sequence_ + 1 && record.at >= last_time_);
  const ProductRef touched = std::visit(Effect{*this, place, staged, record.sequence, record.at}, record.payload);
  sequence_ = record.sequence;
  last_time_ = record.at;
  check_invariants(touched);
}

void Ledger::check_invariants(ProductRef ref) const noexcept {
  const Stock& s = products_[index_of(ref)]->stock;
  SCALEMART_CHECK(s.available >= 0 && s.held >= 0 && s.sold >= 0);
  SCALEMART_CHECK(s.total >= 0 && s.total <= kStockMax);
  SCALEMART_CHECK(s.held <= s.total && s.sold <= s.total - s.held);  // no oversell
  SCALEMART_CHECK(s.available == s.total - s.held - s.sold);         // conservation
}

}  // namespace scalemart
