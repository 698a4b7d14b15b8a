#include "flow/checkout.hpp"

#include <array>
#include <utility>

#include "base/check.hpp"
#include "flow/ask.hpp"
#include "flow/catalogue.hpp"

namespace scalemart {
namespace {

using Stage = PaymentState::Stage;

constexpr std::uint32_t kFirstFence = 1;
/// A buyer, or a provider that tells, waits for the answer.
constexpr std::chrono::nanoseconds kPatience = std::chrono::seconds(10);

Stage stage_of(OrderStatus status) {
  switch (status) {
    case OrderStatus::pending:
      return Stage::waiting;
    case OrderStatus::processing:
      return Stage::open;
    case OrderStatus::confirmed:
      return Stage::paid;
    default:
      return Stage::ended;
  }
}

/// What its papers are made of.
OpenOrder confirmed_order(const OrderView& order, WallTime at) {
  OpenOrder open;
  open.id = order.id;
  open.buyer = order.buyer;
  open.created = order.history.front().at;
  open.confirmed = at;
  open.sequence = order.sequence;
  open.unit_price = order.unit_price;
  open.product = order.product;
  open.fence = kFirstFence;
  open.quantity = static_cast<std::uint8_t>(order.quantity);
  open.lane = Lane::paper;
  return open;
}

}  // namespace

std::string_view to_text(Stage stage) {
  constexpr std::array<std::string_view, 4> kNames{"waiting", "open", "paid", "ended"};
  return kNames.at(static_cast<std::size_t>(stage));
}

Checkout::Checkout(CheckoutParts parts) : parts_(std::move(parts)) {}

PaymentState Checkout::state_of(const OrderView& order, std::string client_secret) const {
  return {stage_of(order.status), order, order.history.front().at + parts_.hold, std::move(client_secret)};
}

std::optional<ChargeRequest> Checkout::request_of(const OrderView& order) const {
  const auto offers = parts_.catalogue.current();
  const Offer* offer = offers->look(order.product);
  if (offer == nullptr) return std::nullopt;
  return ChargeRequest{order.id,
                       order.buyer,
                       order.total(),
                       order.currency,
                       offer->spec->details.name,
                       SteadyTime(parts_.clock.steady() + kPatience)};
}

void Checkout::find(OrderId order, UserId buyer, const Done& done, Then then) const {
  const bool taken =
      parts_.orders.find(order, [buyer, done, then = std::move(then)](const std::optional<OrderView>& found) {
        if (!found || found->buyer != buyer) return done(Outcome::order_not_found, {});
        then(*found);
      });
  if (!taken) done(Outcome::overloaded, {});
}

void Checkout::look(OrderId order, UserId buyer, Done done) const {
  find(order, buyer, done, [this, done](const OrderView& found) {
    const auto request = request_of(found);
    if (!parts_.buyers_pay || found.status != OrderStatus::processing || !request)
      return done(Outcome::done, state_of(found));
    parts_.payments.lookup(*request,
                           [this, found, done](const PaymentResult& result) { settle(found, result, {}, done); });
  });
}

void Checkout::open(OrderId order, UserId buyer, Done done) const {
  find(order, buyer, done, [this, done](const OrderView& found) {
    begin(found, done, [this, found, done] {
      const auto request = request_of(found);
      if (!request) return done(Outcome::unavailable, {});
      OrderView begun = found;
      begun.status = OrderStatus::processing;
      parts_.payments.open(*request, [this, begun, done](CheckoutResult result) {
        const bool no_answer = !is_decision(result.state.outcome) || result.state.outcome == PaymentOutcome::rejected;
        if (no_answer) return done(Outcome::unavailable, {});
        settle(begun, result.state, std::move(result.client_secret), done);
      });
    });
  });
}

void Checkout::pretend(OrderId order, UserId buyer, Done done) const {
  if (!parts_.payments.is_pretended()) return done(Outcome::invalid_state, {});
  open(order, buyer, [this, done](Outcome outcome, PaymentState state) {
    if (outcome != Outcome::done || state.stage != Stage::open) return done(outcome, std::move(state));
    const auto request = request_of(state.order);
    SCALEMART_CHECK(request.has_value());
    parts_.payments.charge(
        *request, [this, order = state.order, done](const PaymentResult& result) { settle(order, result, {}, done); });
  });
}

/// Before money can move, so that the hold cannot end any more.
void Checkout::begin(const OrderView& order, const Done& done, std::function<void()> then) const {
  const bool may = parts_.buyers_pay && is_open(order.status);
  if (!may) return done(Outcome::invalid_state, state_of(order));
  if (order.status == OrderStatus::processing) return then();
  const bool taken = ask(parts_.ledger, Begin{order.id, kFirstFence},
                         [this, order, done, then = std::move(then)](const Answer& answer) {
                           // stale_fence: somebody was quicker; it has begun.
                           if (answer.outcome == Outcome::done || answer.outcome == Outcome::stale_fence) return then();
                           if (answer.outcome == Outcome::invalid_state)
                             return read_again(order.id, Outcome::invalid_state, done);
                           done(answer.outcome, {});
                         });
  if (!taken) done(Outcome::overloaded, {});
}

void Checkout::settle(const OrderView& order, const PaymentResult& result, std::string client_secret,
                      const Done& done) const {
  switch (result.outcome) {
    case PaymentOutcome::approved:
      return decide(order, Confirm{order.id, kFirstFence, result.reference}, done);
    case PaymentOutcome::declined:
      return decide(order, Decline{order.id, kFirstFence, StatusReason::payment_declined}, done);
    default:
      // Nothing is known that was not known before.
      return done(Outcome::done, state_of(order, std::move(client_secret)));
  }
}

void Checkout::decide(const OrderView& order, Command command, const Done& done) const {
  const bool confirms = std::holds_alternative<Confirm>(command);
  const bool taken = ask(parts_.ledger, std::move(command), [this, order, confirms, done](const Answer& answer) {
    if (answer.outcome == Outcome::done && confirms && parts_.on_confirmed)
      parts_.on_confirmed(confirmed_order(order, parts_.clock.wall()));
    // stale_fence: a worker has it by now; invalid_state: it is decided. The order says what became of it.
    const bool is_known = answer.outcome == Outcome::done || answer.outcome == Outcome::stale_fence ||
                          answer.outcome == Outcome::invalid_state;
    if (!is_known) return done(answer.outcome, {});
    read_again(order.id, Outcome::done, done);
  });
  if (!taken) done(Outcome::overloaded, {});
}

void Checkout::read_again(OrderId order, Outcome outcome, const Done& done) const {
  const bool taken = parts_.orders.find(order, [this, outcome, done](const std::optional<OrderView>& found) {
    if (!found) return done(Outcome::order_not_found, {});
    done(outcome, state_of(*found));
  });
  if (!taken) done(Outcome::overloaded, {});
}

// --- what the provider tells

void Checkout::notice(const PaymentNotice& notice, Taken done) const {
  using Kind = PaymentNotice::Kind;
  if (!notice.order) return done(Outcome::order_not_found);
  if (notice.kind == Kind::refunded) return refunded(*notice.order, done);
  // A failed attempt may be followed by a good one, and in the automatic mode a worker asks by itself.
  const bool matters = parts_.buyers_pay && (notice.kind == Kind::paid || notice.kind == Kind::ended);
  const bool taken = parts_.orders.find(*notice.order, [this, matters, done](const std::optional<OrderView>& found) {
    if (!found) return done(Outcome::order_not_found);
    if (!matters || found->status != OrderStatus::processing) return done(Outcome::done);
    const auto request = request_of(*found);
    if (!request) return done(Outcome::unavailable);
    parts_.payments.lookup(*request, [this, order = *found, done](const PaymentResult& result) {
      const bool says = is_decision(result.outcome);
      settle(order, result, {}, [says, done](Outcome outcome, const PaymentState&) {
        done(outcome == Outcome::done && !says ? Outcome::unavailable : outcome);
      });
    });
  });
  if (!taken) done(Outcome::overloaded);
}

void Checkout::refunded(OrderId order, const Taken& done) const {
  const bool taken = ask(parts_.ledger, Refund{order}, [done](const Answer& answer) {
    // It is refunded already (the console's own refund is told of as well), or the money of an order that never
    // was confirmed went back.
    done(answer.outcome == Outcome::invalid_state ? Outcome::done : answer.outcome);
  });
  if (!taken) done(Outcome::overloaded);
}

}  // namespace scalemart
