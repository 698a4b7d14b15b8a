#pragma once
// Administrators: restock, pause, change, remove, refund, look after dead letters, steer the queue.

#include <functional>
#include <memory>
#include <set>

#include "tests/sim/buyers.hpp"
#include "tests/sim/process.hpp"

namespace scalemart::sim {

class Admins {
 public:
  Admins(const Settings& settings, Shelf& shelf, const ManualClock& clock, Dice& dice, Bank& bank, Referee& referee,
         Tally& tally)
      : settings_(settings), shelf_(shelf), clock_(clock), dice_(dice), bank_(bank), referee_(referee), tally_(tally) {}

  /// One administrator does one thing.
  void act(Process& process);
  void create_product(Process& process);
  /// A worker of an earlier life, or one whose lease has lapsed, reports under its old fence.
  void report_stale(Process& process);

  // --- when everything is healed
  void resume_everything(Process& process);
  /// Refunds that were begun are brought to an end, dead letters are tried again once and then discarded.
  /// False: there is nothing of that kind.
  bool settle(Process& process);

 private:
  [[nodiscard]] std::shared_ptr<ProductSpec> spec(std::string slug);
  [[nodiscard]] const ReferenceModel::Order* some_order(OrderStatus status);
  [[nodiscard]] ProductRef some_product() {
    return ProductRef{static_cast<std::uint32_t>(dice_.below(shelf_.slugs.size()))};
  }
  void tell(Process& process, Command command);
  void change_terms(Process& process);
  /// `over` is called when it has come to an end, whichever.
  void refund(
      Process& process, const ReferenceModel::Order& order, std::function<void()> over = [] {});
  void look_after_letters(Process& process, bool discard);
  void discard(
      Process& process, const ReferenceModel::Order& order, std::function<void()> over = [] {});
  void steer(Process& process);

  const Settings& settings_;
  Shelf& shelf_;
  const ManualClock& clock_;
  Dice& dice_;
  Bank& bank_;
  Referee& referee_;
  Tally& tally_;
  std::set<OrderId> refunding_;  ///< Somebody has asked for it.
  std::set<OrderId> under_way_;  ///< Since everything was healed, as the next.
  std::set<OrderId> retried_;
};

}  // namespace scalemart::sim
