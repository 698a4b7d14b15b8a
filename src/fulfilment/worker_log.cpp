// What the log says of a worker's steps.
#include "fulfilment/worker.hpp"
#include "telemetry/log.hpp"

namespace scalemart {

/// Why it failed is not said: that is for the console, and providers repeat names and addresses.
void Worker::tell(const Slot& slot, const FinishedStep& step) {
  const bool is_parked = step.result == FinishedStep::Result::parked;
  const auto level = is_parked ? log::Level::warn : log::Level::debug;
  if (!log::enabled(level)) return;
  const TraceContext trace = step_of_trace(slot.task.trace(), step.order, step.step, step.attempts);
  log::write(level, is_parked ? "order_parked" : "step_ended",
             {{"order_id", to_string(step.order)},
              {"trace_id", trace_id(trace)},
              {"span_id", span_id(trace)},
              {"worker", settings_.name},
              {"step", to_text(step.step)},
              {"result", to_text(step.result)},
              {"attempt", step.attempts},
              {"took_ms", std::chrono::duration_cast<std::chrono::milliseconds>(step.took).count()}});
}

}  // namespace scalemart
