#pragma once
// A payment provider with a memory of its own: what it did with the money is true, whatever anybody heard of
// it.

#include <functional>
#include <map>
#include <queue>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "port/payment.hpp"
#include "tests/sim/dice.hpp"
#include "tests/sim/fuse.hpp"
#include "tests/sim/settings.hpp"
#include "tests/sim/tally.hpp"

namespace scalemart::sim {

/// Purpose: port/payment.hpp with every way to go wrong. A request travels, has its effect on arrival, and
/// its answer travels back; either way may fail, and a crash of the shop loses the answers but not the
/// effects. Limits: a request that is under way when the shop dies arrives at that moment or never. (One that
/// arrives after the restart would need a durable intent on our side to be told from a new one.)
class Bank final : public PaymentProvider {
 public:
  Bank(const Clock& clock, Dice& dice, Fuse& fuse, Tally& tally, const BankTraits& traits)
      : clock_(clock), dice_(dice), fuse_(fuse), tally_(tally), traits_(traits) {}

  void charge(ChargeRequest request, PaymentDone done) override;
  void lookup(ChargeRequest request, PaymentDone done) override;
  void refund(RefundRequest request, PaymentDone done) override;
  void cancel(ChargeRequest request, PaymentDone done) override;
  // No order of the simulator's waits for a buyer.
  void open(ChargeRequest, CheckoutDone done) override { done({{PaymentOutcome::rejected, {}, "not here"}, {}}); }
  void withdraw(ChargeRequest, PaymentDone done) override { done({PaymentOutcome::rejected, {}, "not here"}); }
  [[nodiscard]] std::string_view name() const noexcept override { return "bank"; }

  /// Does what is due.
  void turn();
  /// kNever: nothing is.
  [[nodiscard]] SteadyTime next() const { return due_.empty() ? SteadyTime::max() : due_.top().at; }
  /// The shop has died: requests under way arrive now or never, nobody hears any more.
  void shop_died();
  void set_outage(bool refuses_everything) { outage_ = refuses_everything; }
  /// From here on every call is answered, truly and in time.
  void heal();

  /// Money of this order that the shop has now.
  [[nodiscard]] MinorUnits has(OrderId order) const;
  struct Account {
    MinorUnits taken = 0;  ///< All that was ever taken.
    MinorUnits returned = 0;
    int captures = 0;
    MinorUnits amount = -1;  ///< As first asked for.
    bool declined = false, cancelled = false;
    bool undecided = false;
  };
  [[nodiscard]] const std::map<OrderId, Account>& accounts() const { return accounts_; }

  /// Told of every capture, and of what no provider should be asked.
  std::function<void(OrderId)> on_capture;
  std::function<void(OrderId)> on_void;  ///< A cancellation that gives money back.
  std::function<void(OrderId, const std::string&)> on_misuse;

 private:
  enum class Kind : std::uint8_t { charge, lookup, refund, cancel };
  enum class What : std::uint8_t { arrive, answer, decide };
  struct Call {
    Kind kind;
    OrderId order;
    MinorUnits amount = 0;
    SteadyTime deadline{};
    SteadyTime back{};  ///< When the answer is there; max(): never.
    bool arrived = false;
    PaymentOutcome outcome = PaymentOutcome::unknown;
    PaymentDone done;
  };
  struct Due {
    SteadyTime at;
    std::uint64_t id;
    What what;
    bool operator<(const Due& other) const { return at != other.at ? at > other.at : id > other.id; }
  };
  void take(Kind kind, OrderId order, MinorUnits amount, SteadyTime deadline, PaymentDone done);
  void arrive(Call& call);
  [[nodiscard]] PaymentOutcome effect_of_charge(Call& call, Account& account);
  [[nodiscard]] PaymentOutcome decide(OrderId order, Account& account);
  void answer(std::uint64_t id);
  [[nodiscard]] std::chrono::nanoseconds travel();
  /// The same for an order whenever it is asked.
  [[nodiscard]] bool trait(OrderId order, std::uint64_t salt, double share) const;

  const Clock& clock_;
  Dice& dice_;
  Fuse& fuse_;
  Tally& tally_;
  BankTraits traits_;
  bool outage_ = false;
  bool healed_ = false;
  std::map<OrderId, Account> accounts_;
  std::map<std::uint64_t, Call> calls_;
  std::map<std::uint64_t, OrderId> decisions_;
  std::priority_queue<Due> due_;
  std::uint64_t made_ = 0;
};

}  // namespace scalemart::sim
