#include "backend/stripe/intent.hpp"

#include <boost/json.hpp>

namespace scalemart {
namespace {

namespace json = boost::json;
using Status = StripeIntent::Status;

std::optional<json::object> parse(std::string_view text) {
  boost::system::error_code fault;
  json::value value = json::parse(text, fault);
  if (fault || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

std::string text_of(const json::object& object, std::string_view name, std::size_t most = 255) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  std::string text(std::string_view(value->as_string()).substr(0, most));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return text;
}

Status status_of(std::string_view text) {
  if (text == "succeeded") return Status::succeeded;
  if (text == "canceled") return Status::canceled;
  if (text == "requires_payment_method" || text == "requires_confirmation") return Status::payable;
  return Status::under_way;
}

std::optional<StripeIntent> intent_of(const json::object& object) {
  StripeIntent intent;
  intent.id = text_of(object, "id");
  if (text_of(object, "object") != "payment_intent" || !intent.id.starts_with("pi_")) return std::nullopt;
  intent.status = status_of(text_of(object, "status"));
  intent.client_secret = text_of(object, "client_secret");
  const json::value* failure = object.if_contains("last_payment_error");
  intent.refused = failure != nullptr && failure->is_object();
  if (const json::value* charge = object.if_contains("latest_charge"); charge != nullptr && charge->is_object()) {
    const json::value* refunded = charge->as_object().if_contains("refunded");
    intent.refunded = refunded != nullptr && refunded->is_bool() && refunded->as_bool();
  }
  return intent;
}

PaymentOutcome outcome_of(int status, const StripeError& error, Moves moves) {
  using enum PaymentOutcome;
  const PaymentOutcome nobody_knows = moves == Moves::money ? unknown : unavailable;
  if (status == 401 || status == 403) return misconfigured;
  // Another call with the same key, or about the same payment, is at it at this moment.
  if (status == 409 || error.code == "lock_timeout" || error.code == "idempotency_key_in_use") return nobody_knows;
  if (status == 429) return unavailable;
  if (status == 402) return error.type == "card_error" ? declined : nobody_knows;
  if (status >= 400 && status < 500) return rejected;
  return nobody_knows;
}

}  // namespace

std::optional<StripeIntent> read_intent(std::string_view text) {
  const auto object = parse(text);
  return object ? intent_of(*object) : std::nullopt;
}

std::optional<std::vector<StripeIntent>> read_list(std::string_view text) {
  const auto object = parse(text);
  const json::value* data = object ? object->if_contains("data") : nullptr;
  if (data == nullptr || !data->is_array()) return std::nullopt;
  std::vector<StripeIntent> intents;
  for (const json::value& one : data->as_array()) {
    auto intent = one.is_object() ? intent_of(one.as_object()) : std::nullopt;
    if (!intent) return std::nullopt;
    intents.push_back(std::move(*intent));
  }
  return intents;
}

PaymentResult read_refund(std::string_view text) {
  const auto object = parse(text);
  if (!object) return {PaymentOutcome::unknown, {}, "Stripe: an answer that cannot be read"};
  const std::string status = text_of(*object, "status");
  // pending: Stripe sends it as soon as it can.
  if (status == "succeeded" || status == "pending") return {PaymentOutcome::approved, text_of(*object, "id"), {}};
  return {status == "requires_action" ? PaymentOutcome::in_progress : PaymentOutcome::rejected,
          {},
          "Stripe: the refund is " + status};
}

StripeError read_error(const StripeAnswer& answer, Moves moves) {
  StripeError error;
  if (answer.status == 0) {
    const bool unknown = answer.may_have_arrived && moves == Moves::money;
    error.result = {unknown ? PaymentOutcome::unknown : PaymentOutcome::unavailable, {}, "Stripe: " + answer.why};
    return error;
  }
  std::string message;
  const auto object = parse(answer.body);
  const json::value* inner = object ? object->if_contains("error") : nullptr;
  if (inner != nullptr && inner->is_object()) {
    const json::object& fault = inner->as_object();
    error.code = text_of(fault, "code", 80);
    error.type = text_of(fault, "type", 80);
    message = text_of(fault, "message", 200);
    if (const json::value* intent = fault.if_contains("payment_intent"); intent != nullptr && intent->is_object())
      error.intent = intent_of(intent->as_object());
  }
  error.result.outcome = outcome_of(answer.status, error, moves);
  error.result.detail = "Stripe: " + std::to_string(answer.status) + (error.code.empty() ? "" : " " + error.code);
  // Of a refused key Stripe repeats a part.
  if (!message.empty() && error.result.outcome != PaymentOutcome::misconfigured) error.result.detail += ": " + message;
  if (error.result.outcome == PaymentOutcome::misconfigured) error.result.detail += ": it refuses SCALEMART_STRIPE_KEY";
  return error;
}

std::variant<StripeIntent, StripeError> read_answer(const StripeAnswer& answer, Moves moves) {
  if (answer.status != 200) return read_error(answer, moves);
  if (auto intent = read_intent(answer.body)) return *intent;
  StripeError error;
  error.result = {moves == Moves::money ? PaymentOutcome::unknown : PaymentOutcome::unavailable,
                  {},
                  "Stripe: an answer that cannot be read"};
  return error;
}

}  // namespace scalemart
