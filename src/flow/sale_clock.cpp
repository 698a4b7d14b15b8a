#include "flow/sale_clock.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>

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
      offset_ns_(std::max(clock.wall().ms, last_record.ms) * kNsPerMs - steady_ns(clock)),
      least_ns_(std::numeric_limits<std::int64_t>::min()) {}

WallTime SaleClock::now() const noexcept {
  // In this order: who sees a smaller offset sees the floor that came before it.
  const std::int64_t steady = steady_ns(clock_);
  const std::int64_t offset = offset_ns_.load(std::memory_order_acquire);
  return {std::max(steady + offset, least_ns_.load(std::memory_order_relaxed)) / kNsPerMs};
}

std::chrono::milliseconds SaleClock::deviation() const noexcept {
  return std::chrono::milliseconds(clock_.wall().ms - now().ms);
}

void SaleClock::tick() noexcept {
  const SteadyTime steady = clock_.steady();
  const std::int64_t passed = (steady - last_tick_).count();
  last_tick_ = steady;
  const std::int64_t offset = offset_ns_.load(std::memory_order_relaxed);
  const std::int64_t now = steady.time_since_epoch().count() + offset;
  const std::int64_t gap = clock_.wall().ms * kNsPerMs - now;
  if (std::abs(gap) > kStepNs || passed <= 0) return;
  const std::int64_t most = passed / 10;
  if (gap < 0) least_ns_.store(std::max(now, least_ns_.load(std::memory_order_relaxed)), std::memory_order_relaxed);
  offset_ns_.store(offset + std::clamp(gap, -most, most), std::memory_order_release);
}

}  // namespace scalemart
