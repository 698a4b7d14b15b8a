#pragma once
// Finds a worker's concurrency between its bounds: more while orders wait too long, less when it is not needed.

#include <chrono>

#include "base/clock.hpp"
#include "fulfilment/breaker.hpp"
#include "fulfilment/concurrency.hpp"

namespace scalemart {

/// What is right for payments of milliseconds to half a minute.
struct ScalingRules {
  std::chrono::nanoseconds every = std::chrono::seconds(1);  ///< From one decision to the next.
  /// An order that waited so long was late: more is needed.
  std::chrono::nanoseconds late = std::chrono::seconds(1);
  /// Nobody waits longer: less may do. The gap to `late` is where nothing changes.
  std::chrono::nanoseconds prompt = std::chrono::milliseconds(250);
  std::chrono::nanoseconds climb = std::chrono::seconds(2);     ///< From one step up to the next.
  std::chrono::nanoseconds calm = std::chrono::seconds(30);     ///< Of calm before the first step down.
  std::chrono::nanoseconds descend = std::chrono::seconds(10);  ///< From one step down to the next.
};

/// What a worker saw since the last decision.
struct ScalingSigns {
  std::uint32_t busiest = 0;          ///< The most orders it had in hand.
  std::chrono::nanoseconds oldest{};  ///< How long the oldest order had waited that it took, or could not take.
  BreakerState breaker = BreakerState::closed;
};

struct ScalingState {
  std::uint32_t concurrency = 0;
  SteadyTime decided{};               ///< Last time.
  SteadyTime changed{};               ///< The last step, up or down.
  SteadyTime busy{};                  ///< When all of it was needed last.
  std::chrono::nanoseconds oldest{};  ///< Of the last signs.
};

/// Purpose: one decision, a function of what it is given and nothing else. Never outside of `bounds`.
/// Up: every slot was in use, orders are late and not getting less so, and the dependency is well: at most twice as
/// many. A breaker that is not closed holds what there is, for more calls would only fail as well, and fewer would be
/// too few when it closes. Down: for long nobody waited and half would have done: a quarter less, so that what is left
/// is half as much again as was needed. That is why it does not swing.
[[nodiscard]] ScalingState next_scaling(ScalingState state, const Concurrency& bounds, const ScalingSigns& signs,
                                        SteadyTime now, const ScalingRules& rules = {});

}  // namespace scalemart
