#include "gateway/payment_routes.hpp"

#include <boost/json/object.hpp>
#include <mutex>
#include <set>
#include <utility>

#include "domain/time_text.hpp"
#include "gateway/render.hpp"
#include "telemetry/log.hpp"

namespace scalemart {
namespace {

using Reply = std::shared_ptr<Later>;
using Stage = PaymentState::Stage;

/// Lets one of a kind through, as long as it is remembered.
class OnlyOnce {
 public:
  bool pass(OrderId order) {
    constexpr std::size_t kRemembered = 4096;
    const std::lock_guard lock(mutex_);
    if (seen_.size() >= kRemembered) seen_.clear();
    return seen_.insert(order).second;
  }

 private:
  std::mutex mutex_;
  std::set<OrderId> seen_;
};

Response received() {
  return json_ok(boost::json::object{{"received", true}});
}

Response answer_to(NoticeFault fault) {
  switch (fault) {
    case NoticeFault::bad_signature:
      return error(400, "invalid_signature", "This notice is not signed with a secret of this shop.");
    case NoticeFault::too_old:
      return error(400, "signature_expired", "This notice was signed too long ago, or the clock is wrong.");
    case NoticeFault::unreadable:
      return error(400, "invalid_event", "This is no event.");
    case NoticeFault::not_configured:
      break;
  }
  return error(404, "not_found", "This shop listens to no payment provider.");
}

class PaymentHandlers {
 public:
  explicit PaymentHandlers(PaymentServices services) : s_(std::move(services)) {}

  void look(Exchange& x) const { ask(x, &Checkout::look); }
  void open(Exchange& x) const { ask(x, &Checkout::open); }
  void pretend(Exchange& x) const {
    if (!s_.checkout.payments().is_pretended())
      return x.respond(error(404, "not_found", "Here buyers pay at a real provider."));
    ask(x, &Checkout::pretend);
  }

  void webhook(Exchange& x) const {
    const auto read = s_.notices == nullptr ? std::variant<PaymentNotice, NoticeFault>(NoticeFault::not_configured)
                                            : s_.notices->read(x.header("Stripe-Signature"), x.body(), s_.clock.wall());
    if (const auto* fault = std::get_if<NoticeFault>(&read)) {
      if (const auto skipped = refused_.pass(s_.clock.steady()))
        log::warn("payment_notice_refused", {{"fault", static_cast<int>(*fault)}, {"skipped", *skipped}});
      return x.respond(answer_to(*fault));
    }
    const auto& notice = std::get<PaymentNotice>(read);
    if (notice.kind == PaymentNotice::Kind::other || !notice.order) return x.respond(received());
    const auto reply = std::make_shared<Later>(x.later());
    s_.checkout.notice(notice, [this, reply, notice](Outcome outcome) {
      if (outcome == Outcome::order_not_found && unknown_.pass(*notice.order))
        log::warn("payment_notice_for_unknown_order",
                  {{"order_id", to_string(*notice.order)}, {"notice", notice.id}, {"type", notice.type}});
      const bool settled = outcome == Outcome::done || outcome == Outcome::order_not_found;
      // The provider tells again what was not taken.
      reply->respond(settled ? received() : unavailable());
    });
  }

 private:
  void ask(Exchange& x, void (Checkout::*what)(OrderId, UserId, Checkout::Done) const) const {
    const auto id = parse_ulid<OrderId>(x.path_parameter(0));
    if (!id) return x.respond(order_not_found());
    const auto reply = std::make_shared<Later>(x.later());
    (s_.checkout.*what)(*id, x.principal()->user, [this, reply](Outcome outcome, const PaymentState& state) {
      reply->respond(answer(outcome, state));
    });
  }

  [[nodiscard]] Response answer(Outcome outcome, const PaymentState& state) const {
    if (outcome == Outcome::done) return json_ok(render(state));
    if (outcome == Outcome::invalid_state && !s_.checkout.buyers_pay())
      return error(409, "invalid_state", "This shop charges by itself; there is nothing to pay.");
    if (outcome == Outcome::invalid_state) return error(409, "invalid_state", "This order cannot be paid any more.");
    Answer refused;
    refused.outcome = outcome;
    return refusal(refused);
  }

  [[nodiscard]] boost::json::object render(const PaymentState& state) const {
    const auto text_or_null = [](const std::string& text) {
      return text.empty() ? boost::json::value(nullptr) : boost::json::value(text);
    };
    const bool payable = state.stage == Stage::waiting || state.stage == Stage::open;
    const bool buyer = s_.checkout.buyers_pay();
    return {{"order_id", to_string(state.order.id)},
            {"mode", buyer ? "buyer" : "automatic"},
            {"provider", s_.checkout.payments().name()},
            {"state", to_text(state.stage)},
            {"status", to_text(state.order.status)},
            {"amount_minor", state.order.total()},
            {"currency", state.order.currency.text()},
            {"pay_by", buyer && payable ? boost::json::value(to_rfc3339(state.pay_by)) : boost::json::value(nullptr)},
            {"client_secret", text_or_null(state.client_secret)},
            {"publishable_key", text_or_null(s_.publishable_key)},
            {"pretended", s_.checkout.payments().is_pretended()}};
  }

  const PaymentServices s_;
  mutable OnlyOnce unknown_;
  mutable log::Sampler refused_{std::chrono::seconds(10)};
};

}  // namespace

Routes payment_routes(PaymentServices services) {
  const auto handlers = std::make_shared<const PaymentHandlers>(std::move(services));
  const auto route = [&handlers](Method method, std::string path, std::string operation,
                                 void (PaymentHandlers::*handle)(Exchange&) const) {
    return Route{method,
                 std::move(path),
                 std::move(operation),
                 Access::buyer,
                 "default",
                 Body::none,
                 [handlers, handle](Exchange& x) { (handlers.get()->*handle)(x); },
                 true};
  };
  Routes routes = {
      route(Method::get, "/api/orders/{id}/payment", "getPayment", &PaymentHandlers::look),
      route(Method::post, "/api/orders/{id}/payment", "openPayment", &PaymentHandlers::open),
      route(Method::post, "/api/orders/{id}/payment/pretend", "pretendPayment", &PaymentHandlers::pretend),
      route(Method::post, "/api/payments/stripe/webhook", "stripeWebhook", &PaymentHandlers::webhook),
  };
  routes.back().access = Access::open;
  routes.back().body = Body::own;  // its signature is over the bytes
  return routes;
}

}  // namespace scalemart
