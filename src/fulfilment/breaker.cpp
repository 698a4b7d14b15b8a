#include "fulfilment/breaker.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace scalemart {

std::string_view to_text(BreakerState state) {
  constexpr std::array<std::string_view, 3> kNames{"closed", "half_open", "open"};
  return kNames[static_cast<std::size_t>(state)];
}

Breaker::Breaker(BreakerLimits limits) : limits_(limits) {
  SCALEMART_CHECK(limits.window.count() >= static_cast<std::int64_t>(kSlices) && limits.calls_min > 0);
}

Breaker::Slice& Breaker::slice(SteadyTime now) {
  const std::int64_t number = now.time_since_epoch() / (limits_.window / static_cast<std::int64_t>(kSlices));
  Slice& s = slices_[static_cast<std::size_t>(number) % kSlices];
  if (s.number != number) s = Slice{number, 0, 0};
  return s;
}

bool Breaker::allows(SteadyTime now) const {
  return state() == BreakerState::closed || (!probing_ && now >= next_probe_);
}

std::size_t Breaker::permit(SteadyTime now, std::size_t wanted) {
  if (wanted == 0 || state() == BreakerState::closed) return wanted;
  if (!allows(now)) return 0;
  state_.store(BreakerState::half_open, std::memory_order_relaxed);
  probing_ = true;
  next_probe_ = now + limits_.probe_every;
  return 1;
}

void Breaker::neither() {
  probing_ = false;
}

void Breaker::success(SteadyTime now) {
  if (state() == BreakerState::closed) {
    ++slice(now).calls;
    return;
  }
  // Late answers of calls from before it opened prove as much as a probe does.
  slices_.fill(Slice{});
  probing_ = false;
  state_.store(BreakerState::closed, std::memory_order_relaxed);
}

void Breaker::failure(SteadyTime now) {
  if (state() != BreakerState::closed) {
    if (state() == BreakerState::half_open) open(now);
    return;
  }
  Slice& current = slice(now);
  ++current.calls;
  ++current.failures;
  std::uint64_t calls = 0;
  std::uint64_t failures = 0;
  for (const Slice& s : slices_) {
    if (s.number <= current.number - static_cast<std::int64_t>(kSlices)) continue;
    calls += s.calls;
    failures += s.failures;
  }
  if (calls >= limits_.calls_min && failures * 100 >= calls * limits_.failure_percent) open(now);
}

void Breaker::trip(SteadyTime now) {
  open(now);
}

void Breaker::open(SteadyTime now) {
  probing_ = false;
  next_probe_ = now + limits_.probe_every;
  state_.store(BreakerState::open, std::memory_order_relaxed);
}

}  // namespace scalemart
