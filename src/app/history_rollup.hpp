#pragma once
// One running step of one tier of the history.

#include <cstdint>
#include <optional>
#include <vector>

#include "port/sale_history.hpp"
#include "telemetry/instruments.hpp"

namespace scalemart {

/// Unknown is neutral.
[[nodiscard]] std::int64_t merged(HistoryMerge merge, std::int64_t a, std::int64_t b);

/// Seconds since 1970 at which the step of a tier began that holds this second.
[[nodiscard]] constexpr std::int64_t step_of(std::size_t tier, std::int64_t second) {
  return second - second % kHistoryTiers[tier].step;
}

/// Purpose: what a step adds up to, second by second. Concurrency: one thread.
class HistoryRollup {
 public:
  HistoryRollup(const std::vector<HistoryColumn>& columns, std::size_t tier) : columns_(columns), tier_(tier) {}

  [[nodiscard]] std::int64_t at() const { return row_.at; }
  /// Forgets the step before. `earlier`: what a process that has ended had of this step.
  void begin(std::int64_t at, std::optional<HistoryRow> earlier, std::vector<HistogramCounts> histograms);
  /// By column; kUnknown where this second says nothing.
  void add(const std::vector<std::int64_t>& second);
  /// The step so far.
  [[nodiscard]] const HistoryRow& row() const { return row_; }
  /// By histogram: as they were when the step began.
  [[nodiscard]] const std::vector<HistogramCounts>& began_with() const { return began_with_; }

 private:
  const std::vector<HistoryColumn>& columns_;
  const std::size_t tier_;
  HistoryRow row_{0, -1, 0, {}};
  std::vector<HistogramCounts> began_with_;
};

}  // namespace scalemart
