#include "backend/mongodb/record_rules.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "domain/validity.hpp"

namespace scalemart::mongo {
namespace {

Outcome allow(bool allowed) {
  return allowed ? Outcome::done : Outcome::invalid_state;
}

Outcome may_sell(const RecordedProduct& product, std::uint32_t quantity, WallTime at) {
  const SaleTerms& terms = product.spec->terms;
  if (product.removed) return Outcome::product_not_found;
  if (product.paused) return Outcome::sale_paused;
  if (terms.starts_at && at < *terms.starts_at) return Outcome::sale_not_started;
  if (terms.ends_at && at >= *terms.ends_at) return Outcome::sale_ended;
  if (product.stock.available < quantity) return Outcome::out_of_stock;
  return Outcome::done;
}

std::int32_t& step_of(RecordedOrder& order, Step step) {
  return step == Step::invoice ? order.invoice : order.mail;
}

// A dead letter stands still until an administrator decides: no lease, no completion.

Outcome may_begin(const RecordedOrder& order, std::uint32_t fence) {
  if (order.parked || !order.is_unfinished()) return Outcome::invalid_state;
  return fence > order.fence ? Outcome::done : Outcome::stale_fence;
}

Outcome may_complete(const RecordedOrder& order, OrderStatus in, std::uint32_t fence) {
  if (order.view.status != in || order.parked) return Outcome::invalid_state;
  return fence == order.fence ? Outcome::done : Outcome::stale_fence;
}

Outcome may_park(RecordedOrder& order, Step step, std::uint32_t fence) {
  if (order.parked) return Outcome::invalid_state;
  const bool fits = order.view.status == OrderStatus::processing
                        ? step == Step::payment || step == Step::confirm
                        : order.view.status == OrderStatus::confirmed && rules::is_paperwork(step) &&
                              step_of(order, step) == RecordedOrder::open;
  if (!fits) return Outcome::invalid_state;
  return fence == order.fence ? Outcome::done : Outcome::stale_fence;
}

bool may_adjust(const Stock& stock, std::int64_t delta) {
  if (delta < -kStockMax || delta > kStockMax) return false;  // no stock can take more: and no sum overflows
  return stock.available + delta >= 0 && rules::is_valid_total(stock.total + delta);
}

}  // namespace

bool is_storable(const ProductSpec& spec) {
  return is_plain_utf8(spec.details.name) && is_plain_utf8(spec.details.description) &&
         is_plain_utf8(spec.details.image_url);
}

// --- what may ------------------------------------------------------------------------------------------

Outcome Decider::may_reserve(const Reserve& buy, const Sale* sale) const {
  if (sale == nullptr) return Outcome::product_not_found;
  if (const Outcome refusal = may_sell(sale->product, buy.quantity, time_of(*sale)); refusal != Outcome::done)
    return refusal;
  if (const std::uint32_t cap = sale->product.spec->terms.per_user_limit; cap > 0) {
    const auto has = units_.find({buy.buyer, buy.product});
    if ((has == units_.end() ? 0 : has->second) + buy.quantity > cap) return Outcome::purchase_limit;
  }
  if (orders_.contains(buy.order)) return Outcome::invalid_state;
  const bool valid = buy.quantity >= 1 && buy.quantity <= kQuantityMax && !buy.order.empty() && !buy.buyer.empty();
  return valid ? Outcome::done : Outcome::invalid_value;
}

/// One command; each returns its answer without the sequence, which decide() adds.
struct Decider::Deciding {
  Decider& d;
  std::size_t place;

  static Answer about(Outcome outcome, ProductRef product) {
    Answer answer;
    answer.outcome = outcome;
    answer.product = product;
    return answer;
  }
  static Answer about(Outcome outcome, const RecordedOrder& order) {
    Answer answer = about(outcome, order.view.product);
    answer.order = order.view.id;
    answer.quantity = order.view.quantity;
    answer.unit_price = order.view.unit_price;
    return answer;
  }
  template <class Rule>
  Answer on_order(OrderId id, Rule rule) const {
    const auto found = d.orders_.find(id);
    if (found == d.orders_.end() || d.sale_of(found->second.view.product) == nullptr) {
      Answer none;
      none.outcome = Outcome::order_not_found;
      none.order = id;
      return none;
    }
    return about(rule(found->second), found->second);
  }
  template <class Rule>
  Answer on_product(ProductRef product, Rule rule) const {
    Sale* const sale = d.sale_of(product);
    if (sale == nullptr || sale->product.removed) return about(Outcome::product_not_found, product);
    return about(rule(*sale), product);
  }

  Answer operator()(const Reserve& c) const {
    if (!c.key.empty()) {
      if (const auto used = d.once_.find(once_of(c.buyer, c.key)); used != d.once_.end()) {
        const RecordedOrder& first = d.orders_.at(used->second);
        if (first.view.product == c.product && first.view.quantity == c.quantity) {
          Answer replay = about(Outcome::replayed, first);
          replay.sequence = first.view.sequence;
          return replay;
        }
        return asked(c, Outcome::idempotency_conflict);
      }
    }
    Sale* const sale = d.sale_of(c.product);
    const Outcome outcome = d.may_reserve(c, sale);
    Answer answer = asked(c, outcome);
    if (outcome == Outcome::done) {
      d.accept(c, *sale, place);
      answer.unit_price = sale->product.spec->terms.price;
    }
    answer.final = outcome == Outcome::out_of_stock && sale->product.stock.held == 0;
    return answer;
  }
  static Answer asked(const Reserve& c, Outcome outcome) {
    Answer answer = about(outcome, c.product);
    answer.order = c.order;
    answer.quantity = c.quantity;
    return answer;
  }

  Answer operator()(const Cancel& c) const {
    const auto found = d.orders_.find(c.order);
    const bool theirs = found != d.orders_.end() && found->second.view.buyer == c.buyer;
    return on_order(theirs ? c.order : OrderId{}, [&](RecordedOrder& order) {
      const Outcome outcome = allow(order.view.status == OrderStatus::pending);
      if (outcome == Outcome::done) d.move(order, OrderStatus::cancelled, StatusReason::cancelled_by_buyer, place);
      return outcome;
    });
  }
  Answer operator()(const Begin& c) const {
    return on_order(c.order, [&](RecordedOrder& order) {
      const Outcome outcome = may_begin(order, c.fence);
      if (outcome != Outcome::done) return outcome;
      if (order.view.status == OrderStatus::pending)
        d.move(order, OrderStatus::processing, StatusReason::none, place);
      else
        d.record(order);
      order.fence = c.fence;
      return outcome;
    });
  }
  Answer operator()(const Confirm& c) const {
    return on_order(c.order, [&](RecordedOrder& order) {
      Outcome outcome = may_complete(order, OrderStatus::processing, c.fence);
      const std::string& payment = c.payment_reference;
      if (outcome == Outcome::done && (payment.size() > rules::kPaymentReferenceMax || !is_plain_utf8(payment)))
        outcome = Outcome::invalid_value;
      if (outcome != Outcome::done) return outcome;
      d.move(order, OrderStatus::confirmed, StatusReason::none, place);
      order.payment = payment;
      return outcome;
    });
  }
  Answer operator()(const Decline& c) const {
    return on_order(c.order, [&](RecordedOrder& order) {
      Outcome outcome = may_complete(order, OrderStatus::processing, c.fence);
      if (outcome == Outcome::done && !rules::is_decline(c.reason)) outcome = Outcome::invalid_value;
      if (outcome == Outcome::done) d.move(order, OrderStatus::failed, c.reason, place);
      return outcome;
    });
  }
  Answer operator()(const FinishStep& c) const {
    return on_order(c.order, [&](RecordedOrder& order) {
      Outcome outcome = may_complete(order, OrderStatus::confirmed, c.fence);
      if (outcome == Outcome::done && !rules::is_paperwork(c.step)) outcome = Outcome::invalid_value;
      if (outcome != Outcome::done || step_of(order, c.step) != RecordedOrder::open) return outcome;
      d.record(order);
      step_of(order, c.step) = RecordedOrder::finished;
      return outcome;
    });
  }
  Answer operator()(const Park& c) const {
    return on_order(c.order, [&](RecordedOrder& order) {
      const Outcome outcome = may_park(order, c.step, c.fence);
      if (outcome != Outcome::done) return outcome;
      const WallTime at = d.record(order).product.last_at;
      order.parked = RecordedOrder::Parked{c.step, c.attempts, as_plain_utf8(rules::shortened(c.reason)), at};
      return outcome;
    });
  }
  Answer operator()(const Refund& c) const {
    return on_order(c.order, [&](RecordedOrder& order) {
      const Outcome outcome = allow(order.view.status == OrderStatus::confirmed);
      if (outcome == Outcome::done) d.move(order, OrderStatus::refunded, StatusReason::refunded_by_admin, place);
      return outcome;
    });
  }
  Answer operator()(const Unpark& c) const {
    return on_order(c.order, [&](RecordedOrder& order) {
      const Outcome outcome = allow(order.parked.has_value());
      if (outcome != Outcome::done) return outcome;
      d.record(order);
      order.parked.reset();
      return outcome;
    });
  }
  Answer operator()(const Discard& c) const {
    return on_order(c.order, [&](RecordedOrder& order) {
      const Outcome outcome = allow(order.parked.has_value());
      if (outcome != Outcome::done) return outcome;
      if (order.view.status != OrderStatus::confirmed) {
        d.move(order, OrderStatus::failed, StatusReason::discarded_by_admin, place);
        return outcome;
      }
      d.record(order);
      step_of(order, order.parked->step) = RecordedOrder::skipped;
      order.parked.reset();
      return outcome;
    });
  }

  Answer operator()(const ChangeProduct& c) const {
    return on_product(c.product, [&](Sale& sale) {
      const ProductSpec& old = *sale.product.spec;
      if (!c.spec || !rules::is_valid(*c.spec) || !is_storable(*c.spec) || c.spec->id != old.id ||
          c.spec->currency != old.currency)
        return Outcome::invalid_value;
      d.note(sale, "changed");
      sale.product.spec = c.spec;
      if (!sale.terms) sale.terms = place;
      return Outcome::done;
    });
  }
  Answer operator()(const RemoveProduct& c) const {
    return on_product(c.product, [&](Sale& sale) {
      // Every open order holds at least one unit.
      if (sale.product.stock.held > 0) return Outcome::invalid_state;
      d.note(sale, "removed");
      sale.product.removed = true;
      if (!sale.terms) sale.terms = place;
      return Outcome::done;
    });
  }
  Answer operator()(const AdjustStock& c) const {
    return on_product(c.product, [&](Sale& sale) {
      Stock& stock = sale.product.stock;
      if (!may_adjust(stock, c.delta) || !rules::is_valid_reason(c.reason) || !is_plain_utf8(c.reason))
        return Outcome::invalid_value;
      d.note(sale, "adjusted", c.delta, c.reason);
      stock.total += c.delta;
      stock.available += c.delta;
      return Outcome::done;
    });
  }
  Answer operator()(const SetPaused& c) const {
    return on_product(c.product, [&](Sale& sale) {
      if (sale.product.paused == c.paused) return Outcome::done;
      d.note(sale, c.paused ? "paused" : "resumed");
      sale.product.paused = c.paused;
      if (!sale.terms) sale.terms = place;
      return Outcome::done;
    });
  }
  Answer operator()(const CreateProduct&) const { return {}; }  // not decided here
  Answer operator()(const ExpireDue&) const { return {}; }
};

Answer Decider::decide(const Command& command, std::size_t place) {
  Answer answer = std::visit(Deciding{*this, place}, command);
  if (answer.outcome == Outcome::order_not_found) {
    if (const auto* cancel = std::get_if<Cancel>(&command)) answer.order = cancel->order;
    return answer;
  }
  if (Sale* const sale = sale_of(answer.product)) {
    sale->named = true;
    if (answer.outcome != Outcome::replayed) answer.sequence = sale->product.sequence;
  }
  return answer;
}

bool Decider::expire(OrderId id, std::size_t place) {
  const auto found = orders_.find(id);
  if (found == orders_.end()) return false;
  RecordedOrder& order = found->second;
  const Sale* const sale = sale_of(order.view.product);
  if (sale == nullptr || order.view.status != OrderStatus::pending || order.hold_ends > time_of(*sale)) return false;
  move(order, OrderStatus::expired, StatusReason::hold_expired, place);
  return true;
}

}  // namespace scalemart::mongo
