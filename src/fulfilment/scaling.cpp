#include "fulfilment/scaling.hpp"

#include <algorithm>

namespace scalemart {
namespace {

std::uint32_t step_up(std::uint32_t from, const Concurrency& bounds) {
  return std::min(bounds.max, std::max(from * 2, 1U));
}

std::uint32_t step_down(std::uint32_t from, const Concurrency& bounds) {
  return std::max(bounds.min, from - std::max(from / 4, 1U));
}

}  // namespace

ScalingState next_scaling(ScalingState state, const Concurrency& bounds, const ScalingSigns& signs, SteadyTime now,
                          const ScalingRules& rules) {
  const std::uint32_t was = state.concurrency;
  const bool is_full = signs.busiest >= was;
  const bool is_late = signs.oldest >= rules.late;
  const bool is_catching_up = signs.oldest < state.oldest;
  const bool is_idle = signs.busiest <= was / 2 && signs.oldest < rules.prompt;
  const bool is_well = signs.breaker == BreakerState::closed;
  if (!is_idle || !is_well) state.busy = now;
  state.decided = now;
  state.oldest = signs.oldest;

  std::uint32_t wanted = was;
  if (is_well && is_full && is_late && !is_catching_up && now - state.changed >= rules.climb) {
    wanted = step_up(was, bounds);
  } else if (now - state.busy >= rules.calm && now - state.changed >= rules.descend && was > bounds.min) {
    wanted = step_down(was, bounds);
  }
  wanted = std::clamp(wanted, bounds.min, bounds.max);
  if (wanted != was) state.changed = now;
  state.concurrency = wanted;
  return state;
}

}  // namespace scalemart
