// How many orders a worker has in hand: what it was told, or what it finds between bounds.
#include <algorithm>

#include "base/check.hpp"
#include "fulfilment/worker.hpp"
#include "telemetry/log.hpp"

namespace scalemart {

void Worker::set_concurrency(const Concurrency& concurrency) {
  SCALEMART_CHECK(concurrency.is_valid());
  settings_.concurrency = concurrency;
  scaling_.concurrency = std::clamp(scaling_.concurrency, concurrency.min, concurrency.max);
}

/// An order that was tried before waited for its retry, not for a worker.
void Worker::note_taken(const OpenOrder& order) {
  if (order.lane != Lane::sale) return;
  has_taken_ = true;
  if (order.attempts > 0 || order.unresolved) return;
  const std::chrono::milliseconds waited(std::max<std::int64_t>(clock_.wall().ms - order.created.ms, 0));
  signs_.oldest = std::max<std::chrono::nanoseconds>(signs_.oldest, waited);
}

/// Decides when it is time; returns when that is again.
SteadyTime Worker::scale(SteadyTime now) {
  signs_.busiest = std::max(signs_.busiest, sale_used_);
  if (settings_.concurrency.is_fixed()) return kNever;
  const bool is_resting = sale_used_ == 0 && scaling_.concurrency == settings_.concurrency.min;
  const SteadyTime due = scaling_.decided + settings_.scaling.every;
  if (now < due) return is_resting ? kNever : due;
  // Full of slow payments it takes nothing, and what was late waits on.
  const bool is_stuck = !has_taken_ && signs_.busiest >= scaling_.concurrency;
  if (is_stuck && scaling_.oldest >= settings_.scaling.late) signs_.oldest = scaling_.oldest + (now - scaling_.decided);
  signs_.breaker = breaker(Step::payment).state();
  const std::uint32_t before = scaling_.concurrency;
  scaling_ = next_scaling(scaling_, settings_.concurrency, signs_, now, settings_.scaling);
  signs_ = {};
  has_taken_ = false;
  if (scaling_.concurrency != before)
    log::info("concurrency_changed", {{"worker", settings_.name}, {"from", before}, {"to", scaling_.concurrency}});
  if (scaling_.concurrency > before) loop_.wake();
  return is_resting ? kNever : now + settings_.scaling.every;
}

}  // namespace scalemart
