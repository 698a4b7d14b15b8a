#pragma once
// Taking a buyer's money, whoever does it.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "domain/ids.hpp"
#include "domain/money.hpp"

namespace scalemart {

enum class PaymentOutcome : std::uint8_t {
  approved,       ///< charge, lookup: the money is ours. refund: it went back. cancel: nothing is or will be
                  ///< taken.
  declined,       ///< The provider said no, for good: nothing is and will be taken under this order.
  in_progress,    ///< The provider has it and has not decided (a buyer must act, a bank is slow): look it up
                  ///< later.
  not_found,      ///< lookup: the provider has never seen this order. refund: there is nothing to give back.
  unknown,        ///< Time-out or lost connection: the money may have moved. Ask again under the same order.
  unavailable,    ///< The provider could not serve us now; nothing was done.
  rejected,       ///< This request can never work (an amount it does not take): a person must look.
  misconfigured,  ///< The provider refuses us altogether (a wrong key): a person must look, for all orders.
};
[[nodiscard]] std::string_view to_text(PaymentOutcome outcome);

/// An answer that tells something about the order, not about the provider's health.
[[nodiscard]] constexpr bool is_decision(PaymentOutcome o) {
  return o == PaymentOutcome::approved || o == PaymentOutcome::declined || o == PaymentOutcome::not_found ||
         o == PaymentOutcome::in_progress || o == PaymentOutcome::rejected;
}

struct PaymentResult {
  PaymentOutcome outcome = PaymentOutcome::unknown;
  std::string reference;  ///< The provider's name for the payment, at most 255 bytes; set when approved.
  std::string detail;     ///< One line for an operator when not approved.
};
using PaymentDone = std::function<void(PaymentResult)>;

/// What is to be paid for an order: the same in every call about it, so that a provider finds what it made of it.
struct ChargeRequest {
  OrderId order;  ///< The idempotency key at the provider.
  UserId buyer;
  MinorUnits amount = 0;
  Currency currency;
  std::string description;  ///< For people; nothing depends on it.
  SteadyTime deadline{};    ///< Past this the answer is `unknown`.
  /// W3C Trace Context: the `traceparent` of the requests that this becomes. Empty: none.
  std::string trace_parent = {};
};

/// A payment that the buyer makes at the provider.
struct CheckoutResult {
  /// in_progress: it can be paid. approved: it is paid. declined: it has ended, nothing is and will be taken.
  PaymentResult state;
  std::string client_secret;  ///< With this a buyer's page pays at the provider; empty: it needs none.
};
using CheckoutDone = std::function<void(CheckoutResult)>;

struct RefundRequest {
  OrderId order;          ///< With "refund" the idempotency key: one full refund an order.
  std::string reference;  ///< Empty: the provider finds the payment by the order.
  MinorUnits amount = 0;
  Currency currency;
  SteadyTime deadline{};
  std::string trace_parent = {};  ///< As a charge's.
};

/// Purpose: charges, looks up, gives back. Everything is idempotent under the order id: a repeated charge
/// never takes money twice and gives the first decision again.
/// Concurrency: calls from any thread, thousands in flight. `done` is called exactly once for each call, on
/// the provider's own thread or before the call returns; it must be quick and must not throw. Calls never
/// block. Errors: outcomes, never exceptions. Silence becomes `unknown` at the deadline. A Stripe-like
/// provider creates and confirms a PaymentIntent with the order as Idempotency-Key and metadata; its webhooks
/// decide what was in_progress, and a lookup reads what they said.
class PaymentProvider {
 public:
  virtual ~PaymentProvider() = default;
  virtual void charge(ChargeRequest request, PaymentDone done) = 0;
  virtual void lookup(ChargeRequest request, PaymentDone done) = 0;
  virtual void refund(RefundRequest request, PaymentDone done) = 0;
  /// After `approved` no money is taken for this order, then or later: it voids an authorisation, refunds a
  /// charge, and makes a later charge under this order `declined`.
  virtual void cancel(ChargeRequest request, PaymentDone done) = 0;

  // --- where the buyer pays (docs/payments.md); the order is begun before open() and until it is settled
  /// Makes a payment that the buyer can make, or finds the one that was made.
  virtual void open(ChargeRequest request, CheckoutDone done) = 0;
  /// Ends a payment that nobody made, so that nobody can any more. declined: it has ended. approved: the buyer was
  /// quicker, the money is ours.
  virtual void withdraw(ChargeRequest request, PaymentDone done) = 0;
  /// charge() stands for a buyer who pays: for trying a shop without a bank.
  [[nodiscard]] virtual bool is_pretended() const noexcept { return false; }

  /// For logs and the console; no secrets.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
};

}  // namespace scalemart
