#pragma once
// What Stripe's answers say.

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backend/stripe/transport.hpp"
#include "port/payment.hpp"

namespace scalemart {

/// A PaymentIntent: it can be paid once, and after it was cancelled never.
struct StripeIntent {
  enum class Status : std::uint8_t {
    payable,    ///< requires_payment_method, requires_confirmation
    under_way,  ///< requires_action, requires_capture, processing, and whatever is not known here
    succeeded,
    canceled,
  };
  std::string id;
  Status status = Status::under_way;
  std::string client_secret;
  bool refused = false;   ///< An attempt to pay it was declined.
  bool refunded = false;  ///< Only when latest_charge was asked for.
};

struct StripeError {
  PaymentResult result;
  std::string code;  ///< Stripe's, may be empty.
  std::string type;
  /// The payment as it stood, when the error is about one.
  std::optional<StripeIntent> intent;
};

/// Could the call have moved money, if nobody knows whether it was carried out?
enum class Moves : bool { nothing, money };

[[nodiscard]] std::optional<StripeIntent> read_intent(std::string_view json);
/// Of an answer that is not 200. Never `declined` when money may have moved.
[[nodiscard]] StripeError read_error(const StripeAnswer& answer, Moves moves);
[[nodiscard]] std::variant<StripeIntent, StripeError> read_answer(const StripeAnswer& answer, Moves moves);
/// A refund that Stripe has taken on.
[[nodiscard]] PaymentResult read_refund(std::string_view json);
/// What a search found; nullopt: it cannot be read.
[[nodiscard]] std::optional<std::vector<StripeIntent>> read_list(std::string_view json);

}  // namespace scalemart
