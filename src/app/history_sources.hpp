#pragma once
// Which numbers the history remembers, and where they come from.

#include <cstdint>
#include <functional>
#include <vector>

#include "app/engine.hpp"
#include "fulfilment/desk.hpp"
#include "port/sale_history.hpp"
#include "telemetry/metrics.hpp"

namespace scalemart {

/// One column. Either a number that is read (one that only grows when the column is a sum), or a quantile of what a
/// histogram counted in the step.
struct HistorySource {
  HistoryColumn column;
  std::function<std::int64_t()> read = {};
  const Histogram* histogram = nullptr;
  double quantile = 0;
};

struct HistoryParts {
  Engine& engine;
  Metrics& metrics;
  const Clock& clock;
  FulfilmentDesk& fulfilment;
  std::function<std::size_t()> connections;
};

/// In the order in which they are told. The parts outlive the sources.
[[nodiscard]] std::vector<HistorySource> history_sources(const HistoryParts& parts);
/// The same columns without anything behind them.
[[nodiscard]] std::vector<HistoryColumn> columns_of(const std::vector<HistorySource>& sources);

}  // namespace scalemart
