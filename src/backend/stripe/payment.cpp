#include "backend/stripe/payment.hpp"

#include <algorithm>
#include <utility>

namespace scalemart {
namespace {

using Status = StripeIntent::Status;
using enum PaymentOutcome;

/// Stripe keeps keys for at least a day.
constexpr std::int64_t kKeysGoodForMs = 20LL * 3600 * 1000;
constexpr int kKeysMax = 5;

std::int64_t made_at_ms(OrderId order) {
  return static_cast<std::int64_t>(order.hi >> 16);
}

/// ORDER, ORDER-confirm, ORDER-confirm-2
std::string key_of(OrderId order, std::string_view step, int number) {
  std::string key = to_string(order);
  if (!step.empty()) key.append("-").append(step);
  if (number > 1) key.append("-").append(std::to_string(number));
  return key;
}

/// What Stripe would repeat for ever.
bool is_stuck(const StripeAnswer& answer, int number) {
  return answer.replayed && answer.status >= 500 && number < kKeysMax;
}

bool is_intent_id(std::string_view id) {
  return id.starts_with("pi_") && id.size() <= 255 &&
         id.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
             std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

const StripeIntent* intent_in(const std::variant<StripeIntent, StripeError>& found) {
  return std::get_if<StripeIntent>(&found);
}

/// Of an order's payments: the paid one, or the only one that is not cancelled. A payment whose making was answered
/// with a 500 may lie beside the one that is used. nullptr: nobody can tell which.
const StripeIntent* one_that_counts(const std::vector<StripeIntent>& all) {
  const StripeIntent* open = nullptr;
  for (const StripeIntent& one : all) {
    if (one.status == Status::succeeded) return &one;
    if (one.status == Status::canceled) continue;
    if (open != nullptr) return nullptr;
    open = &one;
  }
  return open != nullptr ? open : &all.front();
}

ChargeRequest as_charge(const RefundRequest& request) {
  return {request.order, {}, request.amount, request.currency, {}, request.deadline, request.trace_parent};
}

}  // namespace

StripePayment::StripePayment(StripeTransport& transport, const Clock& clock, const StripeSettings& settings)
    : transport_(transport),
      clock_(clock),
      payment_method_(settings.payment_method),
      buyers_pay_(settings.buyers_pay) {}

// --- finding the order's payment

void StripePayment::find(const ChargeRequest& request, Then then) {
  if (clock_.wall().ms - made_at_ms(request.order) > kKeysGoodForMs) return search(request, std::move(then));
  create(request, 1, std::move(then));
}

void StripePayment::search(const ChargeRequest& request, Then then) {
  StripeCall call;
  call.path =
      "/v1/payment_intents/search?limit=10&query=metadata%5B%27order%27%5D%3A%27" + to_string(request.order) + "%27";
  call.traceparent = request.trace_parent;
  call.deadline = request.deadline;
  transport_.send(std::move(call), [this, request, then = std::move(then)](const StripeAnswer& answer) {
    if (answer.status != 200) return then(read_error(answer, Moves::nothing));
    const auto list = read_list(answer.body);
    if (!list) return then(StripeError{{unavailable, {}, "Stripe: an answer that cannot be read"}, {}, {}, {}});
    if (list->empty()) return create(request, 1, then);
    if (const StripeIntent* one = one_that_counts(*list)) return read(request, one->id, then);
    then(StripeError{
        {rejected, {}, "Stripe: the order has several open payments; cancel all but one there"}, {}, {}, {}});
  });
}

/// Everything in the body stays the same for an order, or the key would not find what was made.
void StripePayment::create(const ChargeRequest& request, int number, Then then) {
  const std::string id = to_string(request.order);
  StripeCall call;
  call.post = true;
  call.path = "/v1/payment_intents";
  call.body = "amount=" + std::to_string(request.amount) + "&currency=" + lower(request.currency.text()) +
              "&metadata%5Border%5D=" + id + "&description=Order%20" + id +
              "&automatic_payment_methods%5Benabled%5D=true";
  if (!buyers_pay_) call.body += "&automatic_payment_methods%5Ballow_redirects%5D=never";
  call.idempotency_key = key_of(request.order, "", number);
  call.traceparent = request.trace_parent;
  call.deadline = request.deadline;
  transport_.send(std::move(call), [this, request, number, then = std::move(then)](const StripeAnswer& answer) {
    if (is_stuck(answer, number)) return create(request, number + 1, then);
    Found found = read_answer(answer, Moves::nothing);
    if (const StripeIntent* made = intent_in(found); made != nullptr && answer.replayed)
      return read(request, made->id, then);  // it says how the payment was when it was made
    then(std::move(found));
  });
}

void StripePayment::read(const ChargeRequest& request, const std::string& id, Then then) {
  if (!is_intent_id(id)) return then(StripeError{{rejected, {}, "Stripe: no payment's name: " + id}, {}, {}, {}});
  StripeCall call;
  call.path = "/v1/payment_intents/" + id + "?expand%5B%5D=latest_charge";
  call.traceparent = request.trace_parent;
  call.deadline = request.deadline;
  transport_.send(std::move(call),
                  [then = std::move(then)](const StripeAnswer& answer) { then(read_answer(answer, Moves::nothing)); });
}

/// What the port's callers hear of a payment as it stands.
PaymentResult StripePayment::result_of(const StripeIntent& intent) const {
  if (intent.status == Status::canceled) return {declined, {}, "Stripe: the payment is cancelled"};
  if (intent.status == Status::under_way || (buyers_pay_ && intent.status == Status::payable))
    return {in_progress, {}, "Stripe: the payment is under way"};
  if (intent.status == Status::payable)
    return intent.refused ? PaymentResult{declined, {}, "Stripe: the payment was declined"}
                          : PaymentResult{not_found, {}, "Stripe: nothing was charged"};
  if (intent.refunded) return {declined, {}, "Stripe: the payment was refunded"};
  return {approved, intent.id, {}};
}

// --- charging

void StripePayment::charge(ChargeRequest request, PaymentDone done) {
  find(request, [this, request, done = std::move(done)](const Found& found) {
    const StripeIntent* intent = intent_in(found);
    if (intent == nullptr) return done(std::get<StripeError>(found).result);
    PaymentResult known = result_of(*intent);
    if (known.outcome != not_found) return done(std::move(known));
    confirm(request, *intent, 1, done);
  });
}

void StripePayment::confirm(const ChargeRequest& request, const StripeIntent& intent, int number, PaymentDone done) {
  StripeCall call;
  call.post = true;
  call.path = "/v1/payment_intents/" + intent.id + "/confirm";
  // Nobody is there who could act.
  call.body = "payment_method=" + payment_method_ + "&error_on_requires_action=true";
  call.idempotency_key = key_of(request.order, "confirm", number);
  call.traceparent = request.trace_parent;
  call.deadline = request.deadline;
  transport_.send(std::move(call), [this, request, intent, number, done = std::move(done)](const StripeAnswer& answer) {
    if (is_stuck(answer, number)) return confirm(request, intent, number + 1, done);
    const Found found = read_answer(answer, Moves::money);
    if (const StripeIntent* after = intent_in(found)) {
      PaymentResult result = result_of(*after);
      if (result.outcome == not_found) result.outcome = in_progress;
      return done(std::move(result));
    }
    const auto& fault = std::get<StripeError>(found);
    // It was decided before: the payment says how.
    const bool decided =
        fault.code == "payment_intent_unexpected_state" && fault.intent && fault.intent->status != Status::payable;
    done(decided ? result_of(*fault.intent) : fault.result);
  });
}

void StripePayment::lookup(ChargeRequest request, PaymentDone done) {
  find(request, [this, done = std::move(done)](const Found& found) {
    const StripeIntent* intent = intent_in(found);
    done(intent == nullptr ? std::get<StripeError>(found).result : result_of(*intent));
  });
}

// --- where the buyer pays

void StripePayment::open(ChargeRequest request, CheckoutDone done) {
  find(request, [this, done = std::move(done)](const Found& found) {
    const StripeIntent* intent = intent_in(found);
    if (intent == nullptr) return done({std::get<StripeError>(found).result, {}});
    CheckoutResult result{result_of(*intent), {}};
    if (result.state.outcome == in_progress) result.client_secret = intent->client_secret;
    done(std::move(result));
  });
}

void StripePayment::withdraw(ChargeRequest request, PaymentDone done) {
  find(request, [this, request, done = std::move(done)](const Found& found) {
    const StripeIntent* intent = intent_in(found);
    if (intent == nullptr) return done(std::get<StripeError>(found).result);
    if (intent->status == Status::succeeded || intent->status == Status::canceled) return done(result_of(*intent));
    end(request, *intent, [this, done](const Found& after) {
      const StripeIntent* ended = intent_in(after);
      done(ended == nullptr ? std::get<StripeError>(after).result : result_of(*ended));
    });
  });
}

/// Without a key: what was answered to an earlier attempt may be true no more, and to cancel twice is harmless.
void StripePayment::end(const ChargeRequest& request, const StripeIntent& intent, Then then) {
  StripeCall call;
  call.post = true;
  call.path = "/v1/payment_intents/" + intent.id + "/cancel";
  call.body = "cancellation_reason=abandoned";
  call.traceparent = request.trace_parent;
  call.deadline = request.deadline;
  transport_.send(std::move(call), [then = std::move(then)](const StripeAnswer& answer) {
    Found found = read_answer(answer, Moves::money);
    const auto* fault = std::get_if<StripeError>(&found);
    if (fault != nullptr && fault->code == "payment_intent_unexpected_state" && fault->intent)
      return then(*fault->intent);
    then(std::move(found));
  });
}

// --- giving back

void StripePayment::cancel(ChargeRequest request, PaymentDone done) {
  const auto undo = [this, request, done](const StripeIntent& intent) {
    if (intent.status == Status::canceled || intent.refunded) return done({approved, intent.id, {}});
    if (intent.status != Status::succeeded) return done({in_progress, {}, "Stripe: the payment is under way"});
    give_back({request.order, intent.id, request.amount, request.currency, request.deadline, request.trace_parent}, 1,
              done);
  };
  find(request, [this, request, done, undo](const Found& found) {
    const StripeIntent* intent = intent_in(found);
    if (intent == nullptr) return done(std::get<StripeError>(found).result);
    if (intent->status == Status::succeeded || intent->status == Status::canceled) return undo(*intent);
    end(request, *intent, [done, undo](const Found& after) {
      const StripeIntent* ended = intent_in(after);
      if (ended == nullptr) return done(std::get<StripeError>(after).result);
      undo(*ended);
    });
  });
}

void StripePayment::refund(RefundRequest request, PaymentDone done) {
  if (!request.reference.empty()) {
    if (is_intent_id(request.reference)) return give_back(request, 1, std::move(done));
    return done({rejected, {}, "Stripe: the order was paid elsewhere (" + request.reference.substr(0, 80) + ")"});
  }
  find(as_charge(request), [this, request, done = std::move(done)](const Found& found) mutable {
    const StripeIntent* intent = intent_in(found);
    if (intent == nullptr) return done(std::get<StripeError>(found).result);
    if (intent->status != Status::succeeded)
      return done({intent->status == Status::under_way ? in_progress : not_found, {}, "Stripe: nothing was paid"});
    request.reference = intent->id;
    give_back(request, 1, done);
  });
}

void StripePayment::give_back(const RefundRequest& request, int number, PaymentDone done) {
  StripeCall call;
  call.post = true;
  call.path = "/v1/refunds";
  call.body = "payment_intent=" + request.reference + "&metadata%5Border%5D=" + to_string(request.order);
  call.idempotency_key = key_of(request.order, "refund", number);
  call.traceparent = request.trace_parent;
  call.deadline = request.deadline;
  transport_.send(std::move(call), [this, request, number, done = std::move(done)](const StripeAnswer& answer) {
    if (is_stuck(answer, number)) return give_back(request, number + 1, done);
    if (answer.status == 200) return done(read_refund(answer.body));
    StripeError fault = read_error(answer, Moves::money);
    if (fault.code == "charge_already_refunded") return done({approved, request.reference, {}});
    done(std::move(fault.result));
  });
}

void StripePayment::check(SteadyTime deadline, PaymentDone done) {
  StripeCall call;
  call.path = "/v1/payment_intents?limit=1";
  call.deadline = deadline;
  transport_.send(std::move(call), [done = std::move(done)](const StripeAnswer& answer) {
    if (answer.status == 200) return done({approved, {}, {}});
    done(read_error(answer, Moves::nothing).result);
  });
}

}  // namespace scalemart
