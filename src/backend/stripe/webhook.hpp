#pragma once
// Stripe's webhook: whether an event is Stripe's, and what it says.

#include <chrono>
#include <string>
#include <vector>

#include "port/payment_notices.hpp"

namespace scalemart {

struct StripeWebhookSettings {
  std::vector<std::string> secrets;  ///< Any of them signs: while one is exchanged there are two.
  std::chrono::milliseconds tolerance{300'000};
};

/// Purpose: checks `Stripe-Signature: t=SECONDS,v1=HEX[,v1=HEX...]`, an HMAC-SHA256 over "SECONDS.BODY", before it
/// looks into the body. Compares in constant time. Source: docs.stripe.com/webhooks, "Verify manually".
class StripeWebhook final : public PaymentNotices {
 public:
  explicit StripeWebhook(StripeWebhookSettings settings) : settings_(std::move(settings)) {}
  [[nodiscard]] std::variant<PaymentNotice, NoticeFault> read(std::string_view signature, std::string_view body,
                                                              WallTime now) const override;

 private:
  [[nodiscard]] bool is_signed(std::string_view time, const std::vector<std::string_view>& signatures,
                               std::string_view body) const;
  const StripeWebhookSettings settings_;
};

}  // namespace scalemart
