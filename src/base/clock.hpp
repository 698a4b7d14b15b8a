#pragma once
// Time is a parameter: nothing outside base/ asks the operating system for it.

#include <atomic>
#include <chrono>
#include <compare>
#include <cstdint>

namespace scalemart {

/// Monotonic time that also counts while the machine is suspended (CLOCK_BOOTTIME); arbitrary origin.
/// For deadlines, time-outs and latencies.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// Milliseconds since 1970-01-01 UTC. For what people read and for sale windows.
struct WallTime {
  std::int64_t ms = 0;
  auto operator<=>(const WallTime&) const = default;
  WallTime operator+(std::chrono::milliseconds d) const { return {ms + d.count()}; }
};

/// Both clocks. Implementations are thread-safe and never throw.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual SteadyTime steady() const noexcept = 0;
  [[nodiscard]] virtual WallTime wall() const noexcept = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime steady() const noexcept override;
  [[nodiscard]] WallTime wall() const noexcept override;
};

/// A clock that stands still until told otherwise. Thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start = {1'700'000'000'000}) : wall_ms_(start.ms) {}
  [[nodiscard]] SteadyTime steady() const noexcept override {
    return SteadyTime(std::chrono::nanoseconds(steady_ns_.load()));
  }
  [[nodiscard]] WallTime wall() const noexcept override { return {wall_ms_.load()}; }
  /// Moves both clocks forward.
  void advance(std::chrono::nanoseconds by) noexcept {
    steady_ns_ += by.count();
    wall_ms_ += std::chrono::duration_cast<std::chrono::milliseconds>(by).count();
  }
  /// An administrator or NTP changes the wall clock; the monotonic one does not notice.
  void step_wall(std::chrono::milliseconds by) noexcept { wall_ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> steady_ns_{1'000'000'000};
  std::atomic<std::int64_t> wall_ms_;
};

}  // namespace scalemart
