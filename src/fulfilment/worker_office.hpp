#pragma once
// Where a worker in a process of its own says how it is, and hears what it is told.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "fulfilment/queue_view.hpp"

namespace scalemart {

/// Steps of one report at most: each with its longest text, they fit into a frame.
inline constexpr std::size_t kReportSteps = 1024;

/// Whoever shows workers to an administrator. Concurrency: the fulfilment loop's thread.
class WorkerOffice {
 public:
  virtual ~WorkerOffice() = default;
  /// `steps`: those that ended since the last report, oldest first, at most
  /// kReportSteps. False: nobody hears it now.
  virtual bool report(const WorkerView& view, std::span<const FinishedStep> steps) = 0;
  /// A new concurrency, once.
  [[nodiscard]] virtual std::optional<Concurrency> told() = 0;
};

}  // namespace scalemart
