#include "flow/sale_clock.hpp"

#include <algorithm>
#include <cstdlib>

namespace scalemart {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kStepNs = 5'000 * kNsPerMs;

std::int64_t steady_ns(const Clock& clock) {
  return clock.steady().time_since_epoch().count();
}

}  // namespace

SaleClock::SaleClock(const Clock& clock, WallTime last_record)
    : clock_(clock),
      last_tick_(clock.steady()),
      offset_ns_(std::max(clock.wall().ms, last_record.ms) * kNsPerMs - steady_ns(clock)) {}

WallTime SaleClock::now() const noexcept {
  return {(steady_ns(clock_) + offset_ns_.load(std::memory_order_relaxed)) / kNsPerMs};
}

std::chrono::milliseconds SaleClock::deviation() const noexcept {
  return std::chrono::milliseconds(clock_.wall().ms - now().ms);
}

void SaleClock::tick() noexcept {
  const SteadyTime steady = clock_.steady();
  const std::int64_t passed = (steady - last_tick_).count();
  last_tick_ = steady;
  const std::int64_t offset = offset_ns_.load(std::memory_order_relaxed);
  const std::int64_t gap = clock_.wall().ms * kNsPerMs - (steady.time_since_epoch().count() + offset);
  if (std::abs(gap) > kStepNs || passed <= 0) return;
  const std::int64_t most = passed / 10;
  offset_ns_.store(offset + std::clamp(gap, -most, most), std::memory_order_relaxed);
}

}  // namespace scalemart
