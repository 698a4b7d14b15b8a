#pragma once
// A payment provider that takes no money: for demonstrations, rehearsals and tests.

#include <boost/unordered/unordered_flat_map.hpp>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "backend/simulated/book.hpp"
#include "backend/simulated/settings.hpp"
#include "port/payment.hpp"

namespace scalemart {

/// Purpose: answers after a time, with the mix of outcomes it is told to show. What it decides about an order
/// is derived from the seed and the order id, so a repeated charge, also one after a restart, finds the same
/// decision. Whether a single call fails or gets no answer is derived from the number of the call as well, so
/// that a retry may succeed. Concurrency: see PaymentProvider. start() makes one thread with one heap of
/// answers, whatever is in flight. Memory: one heap entry for each call in flight; the orders whose last call
/// had no good answer, and the cancelled ones, are remembered, at most kRemembered of each, the oldest are
/// forgotten first. Limits: what a real provider keeps for ever (a cancellation, a charge whose answer was
/// lost) is forgotten with the process, unless there is a book.
class SimulatedPayment final : public PaymentProvider {
 public:
  static constexpr std::size_t kRemembered = 1'000'000;

  SimulatedPayment(const Clock& clock, SimulatedPaymentSettings settings, std::unique_ptr<BankBook> book = nullptr);
  ~SimulatedPayment() override;

  void start();
  /// Ends the thread; answers that are still due are dropped. Idempotent.
  void stop();
  /// Gives the answers that are due now; returns when the next one is. For tests, instead of start().
  SteadyTime answer_due();

  void charge(ChargeRequest request, PaymentDone done) override;
  void lookup(ChargeRequest request, PaymentDone done) override;
  void refund(RefundRequest request, PaymentDone done) override;
  void cancel(ChargeRequest request, PaymentDone done) override;
  void open(ChargeRequest request, CheckoutDone done) override;
  void withdraw(ChargeRequest request, PaymentDone done) override;
  [[nodiscard]] bool is_pretended() const noexcept override { return true; }
  [[nodiscard]] std::string_view name() const noexcept override { return "simulated"; }

  [[nodiscard]] std::size_t in_flight() const;

 private:
  struct Due {
    SteadyTime at;
    PaymentOutcome outcome;
    OrderId order;
    PaymentDone done;
  };
  /// What is remembered of an order.
  struct Memory {
    std::uint16_t calls = 0;
    bool charged = false;
    bool cancelled = false;
    bool opened = false;  ///< The buyer pays: what became of it is asked for later.
  };

  [[nodiscard]] double chance(OrderId order, std::uint64_t what) const;
  [[nodiscard]] PaymentOutcome decide_charge(OrderId order, Memory& memory) const;
  Memory& remember(OrderId order);
  [[nodiscard]] Memory known(OrderId order);
  [[nodiscard]] PaymentOutcome charge_by_the_book(OrderId order, Memory& memory);
  void forget(OrderId order) { memory_.erase(order); }
  /// With mutex_ held.
  void answer_later(OrderId order, PaymentOutcome outcome, SteadyTime deadline, PaymentDone done);
  void run();

  const Clock& clock_;
  const SimulatedPaymentSettings settings_;
  const std::unique_ptr<BankBook> book_;  ///< Guarded by mutex_. May be none.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Due> due_;  ///< Heap, first on top.
  boost::unordered_flat_map<OrderId, Memory, std::hash<OrderId>> memory_;
  std::deque<OrderId> remembered_;  ///< In order of arrival; may name some that are forgotten already.
  std::uint64_t calls_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace scalemart
