#pragma once
// Payments at Stripe, or at whoever speaks its API.

#include <functional>
#include <variant>

#include "backend/stripe/intent.hpp"
#include "backend/stripe/settings.hpp"
#include "backend/stripe/transport.hpp"
#include "port/payment.hpp"

namespace scalemart {

/// Purpose: port/payment.hpp over PaymentIntents. An order has one, made under its id as Idempotency-Key: making it
/// again finds it, in any process and after any crash. That it can be paid only once is what makes a repeated charge
/// harmless; the keys of the later steps only save Stripe work.
/// Operation: Stripe forgets keys after a day or more, so an older order's payment is searched for by its metadata
/// first. It also repeats a 500 under the same key for ever: then the next key of the step is taken, the same one by
/// whoever comes by. Everything that is not certain is read from the payment itself.
/// Concurrency: any thread; answers come on the transport's. Source: docs.stripe.com/api, version kStripeVersion.
class StripePayment final : public PaymentProvider {
 public:
  /// The transport outlives it.
  StripePayment(StripeTransport& transport, const Clock& clock, const StripeSettings& settings);

  void charge(ChargeRequest request, PaymentDone done) override;
  void lookup(ChargeRequest request, PaymentDone done) override;
  void refund(RefundRequest request, PaymentDone done) override;
  void cancel(ChargeRequest request, PaymentDone done) override;
  void open(ChargeRequest request, CheckoutDone done) override;
  void withdraw(ChargeRequest request, PaymentDone done) override;
  [[nodiscard]] std::string_view name() const noexcept override { return "stripe"; }

  /// Whether the key is good: `approved`, or why not. Costs one read.
  void check(SteadyTime deadline, PaymentDone done);

 private:
  using Found = std::variant<StripeIntent, StripeError>;
  using Then = std::function<void(Found)>;
  void find(const ChargeRequest& request, Then then);
  void search(const ChargeRequest& request, Then then);
  void create(const ChargeRequest& request, int number, Then then);
  void read(const ChargeRequest& request, const std::string& id, Then then);
  void confirm(const ChargeRequest& request, const StripeIntent& intent, int number, PaymentDone done);
  /// The payment as it is after Stripe was asked to cancel it.
  void end(const ChargeRequest& request, const StripeIntent& intent, Then then);
  void give_back(const RefundRequest& request, int number, PaymentDone done);
  [[nodiscard]] PaymentResult result_of(const StripeIntent& intent) const;

  StripeTransport& transport_;
  const Clock& clock_;
  const std::string payment_method_;
  const bool buyers_pay_;
};

}  // namespace scalemart
