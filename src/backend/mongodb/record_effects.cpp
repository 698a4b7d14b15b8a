// What a decision changes, in memory.
#include <algorithm>

#include "backend/mongodb/record_rules.hpp"

namespace scalemart::mongo {
namespace {

void move_units(std::int64_t& from, std::int64_t& to, std::int64_t units) {
  from -= units;
  to += units;
}

}  // namespace

Document product_record(RecordedProduct& product, const char* kind, std::int64_t delta, const std::string& reason) {
  ++product.sequence;
  Document out;
  const auto ref = static_cast<std::int32_t>(index_of(product.ref));
  out.add("_id", std::to_string(ref) + "/" + std::to_string(product.sequence)).add("product", ref);
  out.add("sequence", static_cast<std::int64_t>(product.sequence)).add("at", product.last_at.ms);
  out.add("kind", kind).add("delta", delta).add("reason", reason);
  return out;
}

std::int64_t Numbers::next(const RecordedProduct& product) {
  const std::lock_guard lock(mutex_);
  last_ = std::max({last_ + 1, (product.last_number >> 16) + 1, clock_.wall().ms * 10});
  return (last_ << 16) | index_of(product.ref);
}

void Decider::add(RecordedProduct product) {
  const ProductRef ref = product.ref;
  sales_[ref].product = std::move(product);
}

void Decider::add(RecordedOrder order) {
  if (!order.key.empty()) once_[once_of(order.view.buyer, order.key)] = order.view.id;
  const auto [at, is_new] = orders_.try_emplace(order.view.id, std::move(order));
  const RecordedOrder& kept = at->second;
  if (is_new && kept.uses_allowance()) units_[{kept.view.buyer, kept.view.product}] += kept.view.quantity;
}

Sale* Decider::sale_of(ProductRef product) {
  const auto found = sales_.find(product);
  return found == sales_.end() ? nullptr : &found->second;
}

const RecordedOrder* Decider::order(OrderId id) const {
  const auto found = orders_.find(id);
  return found == orders_.end() ? nullptr : &found->second;
}

Claim Decider::claim_of(Sale& sale) const {
  Claim claim{++sale.product.version, {}, {}, std::move(sale.records)};
  for (const OrderId id : sale.accepted) claim.accepted.push_back(orders_.at(id).document());
  for (const OrderId id : sale.changed) claim.changed.push_back(orders_.at(id).document());
  return claim;
}

// --- what changes --------------------------------------------------------------------------------------

Sale& Decider::record(RecordedOrder& order) {
  Sale& sale = sales_.at(order.view.product);
  sale.product.last_at = time_of(sale);
  // The first time in this batch: it is not among the changed yet. Accepted ones are written once, as they are then.
  const auto in = [&](const std::vector<OrderId>& list) {
    return std::find(list.begin(), list.end(), order.view.id) != list.end();
  };
  order.changed = ++sale.product.sequence;
  if (!in(sale.changed) && !in(sale.accepted)) sale.changed.push_back(order.view.id);
  return sale;
}

void Decider::move(RecordedOrder& order, OrderStatus to, StatusReason reason, std::size_t place) {
  Sale& sale = record(order);
  Stock& stock = sale.product.stock;
  const OrderStatus from = order.view.status;
  const bool counted = order.uses_allowance();
  const auto units = static_cast<std::int64_t>(order.view.quantity);
  const Money money = Money{order.view.unit_price} * units;
  order.view.status = to;
  order.view.reason = reason;
  order.view.history.push_back({to, sale.product.last_at});
  order.parked.reset();  // what it waited for is over
  if (to == OrderStatus::confirmed) {
    move_units(stock.held, stock.sold, units);
    sale.product.earned += money;
  } else if (to == OrderStatus::refunded) {
    move_units(stock.sold, stock.available, units);
    sale.product.earned -= money;
    sale.product.given_back += money;
  } else if (is_open(from) && !is_open(to)) {
    move_units(stock.held, stock.available, units);
  }
  if (counted && !order.uses_allowance()) units_[{order.view.buyer, order.view.product}] -= order.view.quantity;
  sale.moved.push_back({place,
                        {order.view.id, order.view.buyer, order.view.product, order.view.quantity, to, reason,
                         sale.product.last_at, order.changed}});
}

void Decider::note(Sale& sale, const char* kind, std::int64_t delta, const std::string& reason) {
  sale.product.last_at = time_of(sale);
  sale.records.push_back(product_record(sale.product, kind, delta, reason));
}

void Decider::accept(const Reserve& buy, Sale& sale, std::size_t place) {
  RecordedProduct& product = sale.product;
  product.last_at = time_of(sale);
  RecordedOrder order;
  order.view = {buy.order,
                buy.buyer,
                buy.product,
                product.spec->id,
                buy.quantity,
                product.spec->terms.price,
                product.spec->currency,
                OrderStatus::pending,
                StatusReason::none,
                ++product.sequence,
                {{OrderStatus::pending, product.last_at}}};
  order.key = buy.key;
  order.number = product.last_number = numbers_.next(product);
  order.changed = product.sequence;
  order.hold_ends = product.last_at + std::chrono::milliseconds(buy.hold_ms);
  move_units(product.stock.available, product.stock.held, buy.quantity);
  ++product.accepted;
  sale.accepted.push_back(buy.order);
  sale.moved.push_back({place,
                        {buy.order, buy.buyer, buy.product, buy.quantity, OrderStatus::pending, StatusReason::none,
                         product.last_at, product.sequence}});
  add(std::move(order));
}

}  // namespace scalemart::mongo
