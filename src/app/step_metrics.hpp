#pragma once
// Steps of fulfilment as metrics.

#include "port/finished_step.hpp"
#include "telemetry/metrics.hpp"

namespace scalemart {

/// Counts every step that ended, and tells `also`.
[[nodiscard]] inline StepHook count_steps(Metrics& metrics, StepHook also) {
  return [&metrics, also = std::move(also)](const FinishedStep& step) {
    metrics.fulfilment_duration_seconds.at({to_text(step.step)}).record(step.took);
    metrics.fulfilment_attempts_total.at({to_text(step.step), to_text(step.result)}).add();
    if (also) also(step);
  };
}

}  // namespace scalemart
