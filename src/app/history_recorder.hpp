#pragma once
// Takes the sale's numbers once a second and hands them to the history.

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "app/history_rollup.hpp"
#include "app/history_sources.hpp"
#include "flow/catalogue.hpp"
#include "flow/sale_counts.hpp"
#include "port/sale_history.hpp"

namespace scalemart {

/// Purpose: a row for each second, and rows for ten seconds, a minute and an hour, which grow every ten seconds and at
/// the end; stock and revenue when they change; steps that ended. A process that begins within a step goes on with
/// what the one before had of it. Costs about 0.2 ms a second with 1,000 products. Concurrency: pulse() and stop()
/// from one thread, step_ended() from any.
class HistoryRecorder {
 public:
  static constexpr std::size_t kProductsMax = 2000;       ///< The newest ones, when there are more.
  static constexpr std::size_t kDoneEachSecond = 100;     ///< Of steps that were done, so many are kept.
  static constexpr std::size_t kOthersEachSecond = 1000;  ///< Of others.

  struct Parts {
    SaleHistory& history;
    std::function<WallTime()> now;  ///< Never runs backwards.
    const Catalogue& catalogue;
    const SaleCounts& counts;
    std::function<void()> refresh =
        {};  ///< Before each look: brings numbers up to date that are gathered now and then.
  };
  HistoryRecorder(Parts parts, std::vector<HistorySource> sources);

  /// Several times a second; does something when a second has ended.
  void pulse();
  void step_ended(const FinishedStep& step);
  /// Hands over what it has. Nothing else after it.
  void stop();

 private:
  void second_ended(std::int64_t second);
  [[nodiscard]] std::vector<std::int64_t> measure();
  void begin_steps(std::int64_t second);
  void add_coarse(HistoryBatch& batch);
  void add_levels(HistoryBatch& batch, std::size_t tier, std::int64_t at);
  [[nodiscard]] std::vector<FinishedStep> take_steps();
  void hand_over(HistoryBatch batch);

  /// What was last written of levels, by tier.
  struct Written {
    std::vector<HistoryLevel::Values> stock;  ///< By ProductRef.
    std::map<std::string, HistoryLevel::Values, std::less<>> revenue;
  };

  Parts parts_;
  const std::vector<HistorySource> sources_;
  const std::vector<HistoryColumn> columns_;
  std::vector<const Histogram*> histograms_;  ///< Each once.
  std::vector<std::size_t> histogram_of_;     ///< By source; only of quantiles.
  std::vector<std::int64_t> counted_;         ///< By source: where a sum stood at the last look.
  std::vector<HistogramCounts> seen_;         ///< By histogram: the same.
  std::vector<HistoryRollup> coarse_;         ///< Tiers 1 and up.
  std::array<Written, kHistoryTiers.size()> written_;
  std::int64_t second_ = 0;  ///< That is running.
  bool resumed_ = false;     ///< What an earlier process had was asked for.
  bool unwritten_ = false;   ///< Coarse steps have grown since they were handed over.

  std::mutex steps_mutex_;
  std::vector<FinishedStep> steps_;  ///< Guarded by steps_mutex_.
  std::size_t done_steps_ = 0;       ///< Guarded by steps_mutex_.
};

}  // namespace scalemart
