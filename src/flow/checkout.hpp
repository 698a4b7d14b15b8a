#pragma once
// Where buyers pay by themselves: from their wish to pay to the confirmed order.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "domain/order.hpp"
#include "port/order_queue.hpp"
#include "port/payment.hpp"
#include "port/payment_notices.hpp"
#include "port/sale_ledger.hpp"

namespace scalemart {

class Catalogue;

struct CheckoutParts {
  OrderBook& orders;
  SaleLedger& ledger;
  PaymentProvider& payments;
  const Catalogue& catalogue;
  const Clock& clock;
  std::chrono::milliseconds hold;
  bool buyers_pay = false;  ///< False: workers charge, and here only refunds are heard of.
  /// Told of an order that was confirmed here and not by a worker: its papers are to be made. May be empty.
  std::function<void(const OpenOrder&)> on_confirmed;
};

/// How an order's payment stands, as its buyer may see it.
struct PaymentState {
  enum class Stage : std::uint8_t {
    waiting,  ///< Nobody has begun to pay; the order expires by itself.
    open,     ///< It can be paid.
    paid,
    ended,  ///< Nothing will be taken.
  };
  Stage stage = Stage::waiting;
  OrderView order;
  WallTime pay_by;
  std::string client_secret;  ///< See CheckoutResult.
};
[[nodiscard]] std::string_view to_text(PaymentState::Stage stage);

/// Purpose: between a buyer and the provider. An order is begun, durably, before its payment is opened, so that its
/// hold cannot expire while money may move; from then on it is confirmed by whoever first hears that it is paid (a
/// notice at any gateway, a look by its buyer), or by a worker that withdraws the payment when its time is over.
/// Operation: gateways begin, confirm and decline under the first fence. A worker begins under a greater one, so from
/// its beginning on a gateway can decide nothing, and the provider's word is asked for by one of them alone.
/// Concurrency: any thread; `done` runs on the ledger's thread, the provider's or the caller's: hand over and return.
/// Errors: outcomes. order_not_found: also another buyer's. invalid_state: it cannot be paid (any more).
/// `unavailable`, `overloaded` and `unknown`: ask again. A shared record that does not answer: `done` is destroyed
/// without a call. Lifetimes: the parts outlive it, and it every call.
class Checkout {
 public:
  using Done = std::function<void(Outcome, PaymentState)>;
  using Taken = std::function<void(Outcome)>;

  explicit Checkout(CheckoutParts parts);

  /// The order's payment as it stands. The provider is asked when the order may be paid by now.
  void look(OrderId order, UserId buyer, Done done) const;
  /// Makes a payment for the buyer to make. As often as wished: it is the same one.
  void open(OrderId order, UserId buyer, Done done) const;
  /// Pays, at a provider that is pretended; invalid_state at any other one.
  void pretend(OrderId order, UserId buyer, Done done) const;
  /// What a notice asks for, if anything. done: it need not come again. order_not_found: no such order.
  void notice(const PaymentNotice& notice, Taken done) const;

  [[nodiscard]] bool buyers_pay() const { return parts_.buyers_pay; }
  [[nodiscard]] const PaymentProvider& payments() const { return parts_.payments; }

 private:
  using Then = std::function<void(const OrderView&)>;
  void find(OrderId order, UserId buyer, const Done& done, Then then) const;
  void begin(const OrderView& order, const Done& done, std::function<void()> then) const;
  void settle(const OrderView& order, const PaymentResult& result, std::string client_secret, const Done& done) const;
  void decide(const OrderView& order, Command command, const Done& done) const;
  void read_again(OrderId order, Outcome outcome, const Done& done) const;
  void refunded(OrderId order, const Taken& done) const;
  [[nodiscard]] std::optional<ChargeRequest> request_of(const OrderView& order) const;
  [[nodiscard]] PaymentState state_of(const OrderView& order, std::string client_secret = {}) const;

  const CheckoutParts parts_;
};

}  // namespace scalemart
