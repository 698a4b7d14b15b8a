#pragma once
// Stops calling a dependency that fails, and finds out when it is back.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/clock.hpp"

namespace scalemart {

enum class BreakerState : std::uint8_t { closed, half_open, open };
[[nodiscard]] std::string_view to_text(BreakerState state);

struct BreakerLimits {
  std::uint32_t calls_min = 20;        ///< Fewer calls in the window prove nothing.
  std::uint32_t failure_percent = 50;  ///< Opens at this share of failures.
  std::chrono::nanoseconds window = std::chrono::seconds(10);
  std::chrono::nanoseconds probe_every = std::chrono::seconds(1);
};

/// Purpose: closed: all calls pass, and their results are counted over a sliding window (ten slices).
/// Open: none pass for `probe_every`. Then half open: one probe at a time, one per `probe_every`; its success
/// closes the breaker and forgets the window, its failure opens it again.
/// Concurrency: one thread, except state(), which any thread may read.
/// Source: M. Nygard, Release It!, "Circuit Breaker".
class Breaker {
 public:
  explicit Breaker(BreakerLimits limits = {});

  /// How many calls may start now, at most `wanted`. Each must be followed by success(), failure() or
  /// neither().
  [[nodiscard]] std::size_t permit(SteadyTime now, std::size_t wanted);
  /// What permit() would answer, without taking it.
  [[nodiscard]] bool allows(SteadyTime now) const;
  /// Gives back a permit that was not used or whose call said nothing about the dependency.
  void neither();
  void success(SteadyTime now);
  void failure(SteadyTime now);
  /// The dependency refuses us altogether: opens at once.
  void trip(SteadyTime now);

  [[nodiscard]] BreakerState state() const noexcept { return state_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool closed() const noexcept { return state() == BreakerState::closed; }
  /// When the next probe may go; only meaningful while not closed.
  [[nodiscard]] SteadyTime next_probe() const { return next_probe_; }

 private:
  static constexpr std::size_t kSlices = 10;
  struct Slice {
    std::int64_t number = -1;
    std::uint32_t calls = 0;
    std::uint32_t failures = 0;
  };
  Slice& slice(SteadyTime now);
  void open(SteadyTime now);

  const BreakerLimits limits_;
  std::array<Slice, kSlices> slices_{};
  std::atomic<BreakerState> state_{BreakerState::closed};
  bool probing_ = false;
  SteadyTime next_probe_{};
};

}  // namespace scalemart
