#pragma once
// Offers every unfinished order to the queue again, from time to time, so that none is forgotten.

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "port/order_intake.hpp"
#include "port/system_of_record.hpp"

namespace scalemart {

struct SweeperSettings {
  std::chrono::milliseconds every{10'000};  ///< From the end of a walk to the beginning of the next.
  std::chrono::milliseconds hurry{1000};    ///< The same, when something is known to be lost or to be away.
  std::size_t page = 1000;
  int rest = 3;  ///< After each page so many times as long as it took: the sale has the record for itself meanwhile.
  std::chrono::milliseconds within{5000};
  /// Buyers pay by themselves: an unpaid order is offered only so long after it was accepted. Zero: at once.
  std::chrono::milliseconds pay_within{0};
};

/// Purpose: walks over what the record calls unfinished and offers all but dead letters. A queue that lost some or all
/// of its orders has them again after one walk; those that it has are left where they are.
/// Operation: all gateways do it, none relies on another. A page that the record cannot read or the queue cannot take
/// ends the walk; it begins anew a little later, for what was offered before may be lost as well.
/// Concurrency: one thread of its own, or step() on the caller's. hurry() from any thread.
class Sweeper {
 public:
  Sweeper(SystemOfRecord& record, OrderIntake& intake, const Clock& clock, SweeperSettings settings = {});
  ~Sweeper();

  void start();
  /// After the page it is at. Idempotent.
  void stop();
  /// Something was lost: the next walk begins soon.
  void hurry() noexcept;
  /// One page if it is due. When to come back.
  SteadyTime step();

  [[nodiscard]] std::uint64_t walks() const;  ///< That came to their end.

 private:
  [[nodiscard]] bool sweep_page();
  void run();

  SystemOfRecord& record_;
  OrderIntake& intake_;
  const Clock& clock_;
  const SweeperSettings settings_;

  // The thread's.
  SweepCursor cursor_;
  std::vector<OpenOrder> page_;  ///< Scratch.
  bool walking_ = false;

  mutable std::mutex mutex_;  ///< Guards all below.
  std::condition_variable pulse_;
  SteadyTime due_{};
  bool lost_ = false;  ///< hurry() was called in the middle of a walk.
  std::uint64_t walks_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace scalemart
