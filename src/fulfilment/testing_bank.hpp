#pragma once
// For tests: a payment provider that does what it is told, in simulated time.

#include <algorithm>
#include <map>
#include <queue>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "fulfilment/loop.hpp"
#include "port/payment.hpp"

namespace scalemart::testing {

/// A bank that does what `script` says: the first word is what happens to the money, the second what the
/// caller hears.
class ScriptedBank final : public PaymentProvider, public Turnable {
 public:
  enum class Truth { charge, decline, nothing };
  struct Line {
    Truth truth = Truth::charge;
    PaymentOutcome heard = PaymentOutcome::approved;
  };

  explicit ScriptedBank(const Clock& clock) : clock_(clock) {}

  void charge(ChargeRequest request, PaymentDone done) override {
    const int attempt = ++charges_called[request.order];
    trace_parents[request.order].push_back(request.trace_parent);
    Line line = script ? script(request.order, attempt) : Line{};
    Account& account = accounts[request.order];
    if (account.truth != Truth::nothing) {
      // The same key: the first decision again, no second charge.
      line = {Truth::nothing, account.truth == Truth::charge ? PaymentOutcome::approved : PaymentOutcome::declined};
    } else if (account.cancelled) {
      line = {Truth::nothing, PaymentOutcome::declined};
    } else if (line.truth != Truth::nothing) {
      account.truth = line.truth;
      if (line.truth == Truth::charge) ++account.taken;
    }
    ++in_flight;
    most_in_flight = std::max(most_in_flight, in_flight);
    if (line.heard == PaymentOutcome::unknown && silent) return;
    answer(std::move(done), line.heard);
  }
  void lookup(ChargeRequest request, PaymentDone done) override {
    const OrderId order = request.order;
    ++lookups[order];
    ++in_flight;
    const Account& account = accounts[order];
    answer(std::move(done), lookups_fail                      ? PaymentOutcome::unavailable
                            : account.truth == Truth::charge  ? PaymentOutcome::approved
                            : account.truth == Truth::decline ? PaymentOutcome::declined
                                                              : PaymentOutcome::not_found);
  }
  void refund(RefundRequest, PaymentDone done) override { answer(std::move(done), PaymentOutcome::approved); }
  void cancel(ChargeRequest request, PaymentDone done) override {
    const OrderId order = request.order;
    if (cancel_fails) return done({PaymentOutcome::unavailable, {}, "away"});
    if (hold_cancels) return held_cancels.push_back(std::move(done));
    Account& account = accounts[order];
    account.cancelled = true;
    account.taken = 0;
    account.truth = Truth::nothing;
    done({PaymentOutcome::approved, {}, {}});
  }
  void open(ChargeRequest request, CheckoutDone done) override {
    done({{answer_of(accounts[request.order]), reference, "as scripted"}, "secret"});
  }
  void withdraw(ChargeRequest request, PaymentDone done) override {
    ++withdrawals[request.order];
    ++in_flight;
    Account& account = accounts[request.order];
    if (withdrawals_fail) return answer(std::move(done), PaymentOutcome::unknown);
    if (account.truth == Truth::nothing) account.truth = Truth::decline;
    answer(std::move(done), answer_of(account));
  }
  [[nodiscard]] std::string_view name() const noexcept override { return "scripted"; }

  SteadyTime turn(SteadyTime now) override {
    while (!due_.empty() && due_.top().at <= now) {
      Due first = due_.top();
      due_.pop();
      --in_flight;
      first.done({first.outcome, first.outcome == PaymentOutcome::approved ? reference : "", "as scripted"});
    }
    return due_.empty() ? kNever : due_.top().at;
  }
  void forget_callers() {
    due_ = {};
    in_flight = 0;
  }
  void reset() {
    forget_callers();
    accounts.clear();
    charges_called.clear();
    lookups.clear();
  }

  struct Account {
    Truth truth = Truth::nothing;
    int taken = 0;
    bool cancelled = false;
  };
  static PaymentOutcome answer_of(const Account& account) {
    return account.truth == Truth::charge    ? PaymentOutcome::approved
           : account.truth == Truth::decline ? PaymentOutcome::declined
                                             : PaymentOutcome::in_progress;
  }
  std::function<Line(OrderId, int attempt)> script;
  std::chrono::nanoseconds latency = std::chrono::seconds(2);
  std::map<OrderId, Account> accounts;
  std::map<OrderId, int> charges_called, lookups, withdrawals;
  std::map<OrderId, std::vector<std::string>> trace_parents;  ///< Of the charges.
  std::vector<PaymentDone> held_cancels;                      ///< Not arrived, not answered.
  std::string reference = "ref";
  bool silent = false, lookups_fail = false, withdrawals_fail = false, cancel_fails = false, hold_cancels = false;
  int in_flight = 0, most_in_flight = 0;

 private:
  struct Due {
    SteadyTime at;
    PaymentDone done;
    PaymentOutcome outcome;
    bool operator<(const Due& other) const { return at > other.at; }
  };
  void answer(PaymentDone done, PaymentOutcome outcome) {
    due_.push({clock_.steady() + latency, std::move(done), outcome});
  }

  const Clock& clock_;
  std::priority_queue<Due> due_;
};

}  // namespace scalemart::testing
