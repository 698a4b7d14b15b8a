// What may happen: every command is checked here, in the order of Outcome's list, and becomes at most one
// kind of record.
#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "ledger/ledger.hpp"
#include "ledger/rules.hpp"

namespace scalemart {
namespace {

/// Room for `more` records, growing by half so that appending stays linear.
void make_room(std::vector<Record>& records, std::size_t more) {
  if (records.capacity() - records.size() >= more) return;
  records.reserve(std::max(records.size() + more, records.capacity() + records.capacity() / 2 + 16));
}

}  // namespace

Answer Ledger::execute(const Command& command, WallTime now, std::vector<Record>& records) {
  const WallTime at = std::max(now, last_time_);
  SCALEMART_CHECK(static_cast<std::uint64_t>(at.ms) <= Packed48::kMax);
  return std::visit([&](const auto& c) { return decide(c, at, records); }, command);
}

void Ledger::commit(record::Payload payload, Place place, WallTime at, std::vector<Record>& records) {
  make_room(records, 1);
  Staged staged = prepare(payload, place);
  // ------- point of no return: checked and allocated; nothing below can fail -------
  records.push_back(Record{sequence_ + 1, at, std::move(payload)});
  take_effect(records.back(), place, staged);
}

// --- answers ------------------------------------------------------------------------------------------

Answer Ledger::answer(Outcome outcome) const {
  Answer a;
  a.outcome = outcome;
  a.sequence = sequence_;
  return a;
}

Answer Ledger::no_order(OrderId id) const {
  Answer a = answer(Outcome::order_not_found);
  a.order = id;
  return a;
}

Answer Ledger::answer_about(Outcome outcome, Row order) const {
  const OrderRow& row = orders_->at(order);
  Answer a = answer(outcome);
  a.order = row.id.get();
  a.product = ProductRef{row.product};
  a.quantity = row.quantity();
  a.unit_price = static_cast<MinorUnits>(row.unit_price.get());
  return a;
}

Answer Ledger::answer_about(Outcome outcome, ProductRef product) const {
  Answer a = answer(outcome);
  a.product = product;
  return a;
}

// --- a buyer's ----------------------------------------------------------------------------------------

Outcome Ledger::may_reserve(OrderId order, UserId buyer_id, Row buyer, ProductRef product_ref, std::uint32_t quantity,
                            WallTime at) const {
  if (index_of(product_ref) >= products_.size()) return Outcome::product_not_found;
  const Product& p = product(product_ref);
  if (const Outcome refusal = rules::may_sell(p, quantity, at); refusal != Outcome::done) return refusal;
  if (const std::uint32_t cap = p.spec->terms.per_user_limit; cap > 0) {
    const std::uint64_t has =
        buyer == kNoRow ? 0 : buyers_->units(buyer, static_cast<std::uint16_t>(index_of(product_ref)));
    if (has + quantity > cap) return Outcome::purchase_limit;
  }
  if (orders_->find(order) != kNoRow) return Outcome::invalid_state;
  const bool valid = quantity >= 1 && quantity <= kQuantityMax && !order.empty() && !buyer_id.empty();
  return valid ? Outcome::done : Outcome::invalid_value;
}

Answer Ledger::decide(const Reserve& c, WallTime at, std::vector<Record>& records) {
  Place place;
  place.buyer = buyers_->find(c.buyer);
  if (place.buyer != kNoRow && !c.key.empty()) {
    if (const Row first = buyers_->find_order(place.buyer, c.key); first != kNoRow) {
      const OrderRow& row = orders_->at(first);
      if (row.product == index_of(c.product) && row.quantity() == c.quantity) {
        Answer replay = answer_about(Outcome::replayed, first);
        replay.sequence = row.sequence.get();
        return replay;
      }
      Answer conflict = answer_about(Outcome::idempotency_conflict, c.product);
      conflict.order = c.order;
      conflict.quantity = c.quantity;
      return conflict;
    }
  }
  const Outcome outcome = may_reserve(c.order, c.buyer, place.buyer, c.product, c.quantity, at);
  MinorUnits price = 0;
  if (outcome == Outcome::done) {
    price = product(c.product).spec->terms.price;
    commit(record::Reserved{c.order, c.buyer, c.product, c.quantity, c.hold_ms, price, c.key}, place, at, records);
  }
  Answer a = answer_about(outcome, c.product);
  a.order = c.order;
  a.quantity = c.quantity;
  a.unit_price = price;
  a.final = outcome == Outcome::out_of_stock && product(c.product).stock.held == 0;
  return a;
}

Answer Ledger::decide(const Cancel& c, WallTime at, std::vector<Record>& records) {
  const Row order = orders_->find(c.order);
  if (order == kNoRow || buyers_->id_of(orders_->at(order).buyer) != c.buyer) return no_order(c.order);
  if (orders_->at(order).status() != OrderStatus::pending) return answer_about(Outcome::invalid_state, order);
  commit(record::Cancelled{c.order}, {order}, at, records);
  return answer_about(Outcome::done, order);
}

// --- fulfilment's -------------------------------------------------------------------------------------

Answer Ledger::decide(const Begin& c, WallTime at, std::vector<Record>& records) {
  const Row order = orders_->find(c.order);
  if (order == kNoRow) return no_order(c.order);
  const Outcome outcome = rules::may_begin(orders_->at(order), c.fence);
  if (outcome == Outcome::done) commit(record::Begun{c.order, c.fence}, {order}, at, records);
  return answer_about(outcome, order);
}

Answer Ledger::decide(const Confirm& c, WallTime at, std::vector<Record>& records) {
  const Row order = orders_->find(c.order);
  if (order == kNoRow) return no_order(c.order);
  Outcome outcome = rules::may_settle(orders_->at(order));
  if (outcome == Outcome::done) outcome = rules::has_lease(orders_->at(order), c.fence);
  if (outcome == Outcome::done && c.payment_reference.size() > rules::kPaymentReferenceMax)
    outcome = Outcome::invalid_value;
  if (outcome == Outcome::done) commit(record::Confirmed{c.order, c.payment_reference}, {order}, at, records);
  return answer_about(outcome, order);
}

Answer Ledger::decide(const Decline& c, WallTime at, std::vector<Record>& records) {
  const Row order = orders_->find(c.order);
  if (order == kNoRow) return no_order(c.order);
  Outcome outcome = rules::may_settle(orders_->at(order));
  if (outcome == Outcome::done) outcome = rules::has_lease(orders_->at(order), c.fence);
  if (outcome == Outcome::done && !rules::is_decline(c.reason)) outcome = Outcome::invalid_value;
  if (outcome == Outcome::done) commit(record::Failed{c.order, c.reason}, {order}, at, records);
  return answer_about(outcome, order);
}

Answer Ledger::decide(const FinishStep& c, WallTime at, std::vector<Record>& records) {
  const Row order = orders_->find(c.order);
  if (order == kNoRow) return no_order(c.order);
  Outcome outcome = rules::may_finish(orders_->at(order));
  if (outcome == Outcome::done) outcome = rules::has_lease(orders_->at(order), c.fence);
  if (outcome == Outcome::done && !rules::is_paperwork(c.step)) outcome = Outcome::invalid_value;
  if (outcome == Outcome::done && !rules::is_finished(orders_->at(order), c.step))
    commit(record::StepFinished{c.order, c.step, false}, {order}, at, records);
  return answer_about(outcome, order);
}

Answer Ledger::decide(const Park& c, WallTime at, std::vector<Record>& records) {
  const Row order = orders_->find(c.order);
  if (order == kNoRow) return no_order(c.order);
  Outcome outcome = rules::may_park(orders_->at(order), c.step);
  if (outcome == Outcome::done) outcome = rules::has_lease(orders_->at(order), c.fence);
  if (outcome == Outcome::done)
    commit(record::Parked{c.order, c.step, c.attempts, rules::shortened(c.reason)}, {order}, at, records);
  return answer_about(outcome, order);
}

// --- the clock's --------------------------------------------------------------------------------------

Answer Ledger::decide(const ExpireDue& c, WallTime at, std::vector<Record>& records) {
  const auto most = static_cast<std::size_t>(
      std::min<std::uint64_t>({c.limit, rules::kExpireMax, order_count(OrderStatus::pending)}));
  due_.clear();
  due_.reserve(most);
  holds_->make_room(most);
  while (due_.size() < most) {
    const Row order = holds_->front();
    if (order == kNoRow || rules::may_expire(orders_->at(order), at) != Outcome::done) break;
    holds_->pop();
    due_.push_back(order);
  }
  try {
    make_room(records, due_.size());
    for (const Row order : due_) orders_->thaw(order);
  } catch (...) {
    for (const Row order : due_) holds_->put_back(order);
    throw;
  }
  // ------- point of no return: checked and allocated; nothing below can fail -------
  Staged none;
  for (const Row order : due_) {
    records.push_back(Record{sequence_ + 1, at, record::Expired{orders_->at(order).id.get()}});
    take_effect(records.back(), {order}, none);
  }
  Answer a = answer(Outcome::done);
  a.count = static_cast<std::uint32_t>(due_.size());
  return a;
}

// --- an administrator's -------------------------------------------------------------------------------

bool Ledger::exists(ProductRef ref) const {
  return index_of(ref) < products_.size() && !product(ref).removed;
}

Answer Ledger::decide(const CreateProduct& c, WallTime at, std::vector<Record>& records) {
  if (c.spec && slugs_.contains(c.spec->id))
    return answer_about(Outcome::product_exists, slugs_.find(c.spec->id)->second);
  if (!c.spec || !rules::is_valid(*c.spec) || !rules::is_valid_total(c.total) ||
      products_.size() >= rules::kProductsMax)
    return answer(Outcome::invalid_value);
  const ProductRef ref{product_count()};
  commit(record::ProductCreated{ref, c.spec, c.total}, {}, at, records);
  return answer_about(Outcome::done, ref);
}

Answer Ledger::decide(const ChangeProduct& c, WallTime at, std::vector<Record>& records) {
  if (!exists(c.product)) return answer_about(Outcome::product_not_found, c.product);
  const ProductSpec& old = *product(c.product).spec;
  if (!c.spec || !rules::is_valid(*c.spec) || c.spec->id != old.id || c.spec->currency != old.currency)
    return answer_about(Outcome::invalid_value, c.product);
  commit(record::ProductChanged{c.product, c.spec}, {}, at, records);
  return answer_about(Outcome::done, c.product);
}

Answer Ledger::decide(const RemoveProduct& c, WallTime at, std::vector<Record>& records) {
  if (!exists(c.product)) return answer_about(Outcome::product_not_found, c.product);
  // Every open order holds at least one unit.
  if (product(c.product).stock.held > 0) return answer_about(Outcome::invalid_state, c.product);
  commit(record::ProductRemoved{c.product}, {}, at, records);
  return answer_about(Outcome::done, c.product);
}

Answer Ledger::decide(const AdjustStock& c, WallTime at, std::vector<Record>& records) {
  if (!exists(c.product)) return answer_about(Outcome::product_not_found, c.product);
  Stock after;
  if (!rules::adjusted(product(c.product).stock, c.delta, after) || !rules::is_valid_reason(c.reason))
    return answer_about(Outcome::invalid_value, c.product);
  commit(record::StockAdjusted{c.product, c.delta, c.reason}, {}, at, records);
  return answer_about(Outcome::done, c.product);
}

Answer Ledger::decide(const SetPaused& c, WallTime at, std::vector<Record>& records) {
  if (!exists(c.product)) return answer_about(Outcome::product_not_found, c.product);
  if (product(c.product).paused != c.paused) commit(record::PauseSet{c.product, c.paused}, {}, at, records);
  return answer_about(Outcome::done, c.product);
}

Answer Ledger::decide(const Refund& c, WallTime at, std::vector<Record>& records) {
  const Row order = orders_->find(c.order);
  if (order == kNoRow) return no_order(c.order);
  if (orders_->at(order).status() != OrderStatus::confirmed) return answer_about(Outcome::invalid_state, order);
  commit(record::Refunded{c.order}, {order}, at, records);
  return answer_about(Outcome::done, order);
}

Answer Ledger::decide(const Unpark& c, WallTime at, std::vector<Record>& records) {
  const Row order = orders_->find(c.order);
  if (order == kNoRow) return no_order(c.order);
  if (!orders_->at(order).parked()) return answer_about(Outcome::invalid_state, order);
  commit(record::Unparked{c.order}, {order}, at, records);
  return answer_about(Outcome::done, order);
}

Answer Ledger::decide(const Discard& c, WallTime at, std::vector<Record>& records) {
  const Row order = orders_->find(c.order);
  if (order == kNoRow) return no_order(c.order);
  const OrderRow& row = orders_->at(order);
  if (!row.parked()) return answer_about(Outcome::invalid_state, order);
  if (row.status() == OrderStatus::confirmed)
    commit(record::StepFinished{c.order, orders_->note_of(order).step, true}, {order}, at, records);
  else
    commit(record::Failed{c.order, StatusReason::discarded_by_admin}, {order}, at, records);
  return answer_about(Outcome::done, order);
}

}  // namespace scalemart
