#pragma once
// Where a worker in a process of its own says how it is, and hears what it is told.

#include <cstdint>
#include <optional>
#include <span>

#include "fulfilment/queue_view.hpp"

namespace scalemart {

/// Whoever shows workers to an administrator. Concurrency: the fulfilment loop's thread.
class WorkerOffice {
 public:
  virtual ~WorkerOffice() = default;
  /// False: nobody hears it now.
  virtual bool report(const WorkerView& view, std::span<const StepTiming> timings,
                      std::span<const FinishedStep> recent) = 0;
  /// A new concurrency, once.
  [[nodiscard]] virtual std::optional<std::uint32_t> told() = 0;
};

}  // namespace scalemart
