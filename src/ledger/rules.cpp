#include "ledger/rules.hpp"

namespace scalemart::rules {
namespace {

Outcome allow(bool allowed) {
  return allowed ? Outcome::done : Outcome::invalid_state;
}

}  // namespace

bool adjusted(const Stock& stock, std::int64_t delta, Stock& result) {
  result = stock;
  return !__builtin_add_overflow(stock.total, delta, &result.total) &&
         !__builtin_add_overflow(stock.available, delta, &result.available) && result.available >= 0 &&
         is_valid_total(result.total);
}

Outcome may_sell(const Product& product, std::uint32_t quantity, WallTime at) {
  const SaleTerms& terms = product.spec->terms;
  if (product.removed) return Outcome::product_not_found;
  if (product.paused) return Outcome::sale_paused;
  if (terms.starts_at && at < *terms.starts_at) return Outcome::sale_not_started;
  if (terms.ends_at && at >= *terms.ends_at) return Outcome::sale_ended;
  if (product.stock.available < quantity) return Outcome::out_of_stock;
  return Outcome::done;
}

// A dead letter stands still until an administrator decides: no lease, no completion.

Outcome may_begin(const OrderRow& order, std::uint32_t fence) {
  if (order.parked() || !(is_open(order.status()) || order.has_steps_left())) return Outcome::invalid_state;
  return fence > order.fence() ? Outcome::done : Outcome::stale_fence;
}

Outcome has_lease(const OrderRow& order, std::uint32_t fence) {
  return fence == order.fence() ? Outcome::done : Outcome::stale_fence;
}

Outcome may_settle(const OrderRow& order) {
  return allow(order.status() == OrderStatus::processing && !order.parked());
}

Outcome may_finish(const OrderRow& order) {
  return allow(order.status() == OrderStatus::confirmed && !order.parked());
}

bool is_finished(const OrderRow& order, Step step) {
  return (step == Step::invoice ? order.invoice() : order.mail()) != StepState::open;
}

Outcome may_park(const OrderRow& order, Step step) {
  if (order.parked()) return Outcome::invalid_state;
  if (order.status() == OrderStatus::processing) return allow(step == Step::payment || step == Step::confirm);
  return allow(order.status() == OrderStatus::confirmed && is_paperwork(step) && !is_finished(order, step));
}

Outcome may_expire(const OrderRow& order, WallTime at) {
  return allow(order.status() == OrderStatus::pending && order.expires_at() <= at);
}

}  // namespace scalemart::rules
