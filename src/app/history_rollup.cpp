#include "app/history_rollup.hpp"

#include <algorithm>
#include <cstdlib>

namespace scalemart {

std::int64_t merged(HistoryMerge merge, std::int64_t a, std::int64_t b) {
  if (a == kUnknown) return b;
  if (b == kUnknown) return a;
  switch (merge) {
    case HistoryMerge::sum:
      return a + b;
    case HistoryMerge::most:
      return std::max(a, b);
    case HistoryMerge::farthest:
      return std::abs(a) > std::abs(b) ? a : b;
    case HistoryMerge::last:
      break;
  }
  return b;
}

void HistoryRollup::begin(std::int64_t at, std::optional<HistoryRow> earlier, std::vector<HistogramCounts> histograms) {
  row_ = {tier_, at, 0, std::vector<std::int64_t>(columns_.size(), kUnknown)};
  if (earlier) row_ = std::move(*earlier);
  began_with_ = std::move(histograms);
}

void HistoryRollup::add(const std::vector<std::int64_t>& second) {
  row_.covered = std::min(row_.covered + 1, kHistoryTiers[tier_].step);
  for (std::size_t i = 0; i < columns_.size(); ++i)
    row_.values[i] = merged(columns_[i].merge, row_.values[i], second[i]);
}

}  // namespace scalemart
