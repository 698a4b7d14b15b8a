#pragma once
// The time by which sales open, close and holds expire.

#include <atomic>
#include <chrono>

#include "base/clock.hpp"

namespace scalemart {

/// Purpose: one time scale, in Unix milliseconds, that never runs backwards and does not jump. It starts at
/// the later of the wall clock and the last record's time, and goes on by monotonic time. A small
/// correction of the wall clock (NTP) is followed by running up to 10 % faster, or by standing still for up to a
/// tenth of the time; after a step of more than five seconds it keeps its own pace, so that no crowd of holds expires
/// at once, and says so. Concurrency: now() from any thread; tick() from one.
class SaleClock {
 public:
  SaleClock(const Clock& clock, WallTime last_record);

  [[nodiscard]] WallTime now() const noexcept;

  /// Call about every 100 ms. Follows the wall clock as said above.
  void tick() noexcept;

  /// Wall clock minus this clock. Beyond five seconds an operator should look (and restart after the sale).
  [[nodiscard]] std::chrono::milliseconds deviation() const noexcept;

 private:
  const Clock& clock_;
  SteadyTime last_tick_;
  std::atomic<std::int64_t> offset_ns_;  ///< Added to monotonic nanoseconds.
  std::atomic<std::int64_t> least_ns_;   ///< What was shown when the offset last shrank: no less from then on.
};

}  // namespace scalemart
