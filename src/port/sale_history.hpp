#pragma once
// The numbers of the sale over time, kept over restarts, coarser the older they are.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "port/finished_step.hpp"

namespace scalemart {

/// One resolution: how long a step is, and how long steps are kept.
struct HistoryTier {
  std::int64_t step = 1;  ///< Seconds.
  std::int64_t kept = 0;  ///< Seconds.
};
inline constexpr std::array<HistoryTier, 4> kHistoryTiers{
    {{1, 15 * 60}, {10, 24 * 3600}, {60, 30 * 24 * 3600}, {3600, 366 * 24 * 3600}}};

/// How a step's number comes from its seconds.
enum class HistoryMerge : std::uint8_t {
  sum,       ///< A count.
  most,      ///< The largest; of what waits.
  farthest,  ///< The one farthest from 0.
  last,      ///< A level at the end of the step.
};

/// One number of every step. The path says where it stands in the answer: "latency_ms.p50".
struct HistoryColumn {
  std::string path;
  HistoryMerge merge = HistoryMerge::sum;
  double divisor = 1;  ///< What is kept by this is what is told; 1: an integer.
  bool rare = false;   ///< Left out of an answer in which it is nowhere but 0.
};

inline constexpr std::int64_t kUnknown = INT64_MIN;

/// All columns of one step.
struct HistoryRow {
  std::size_t tier = 0;
  std::int64_t at = 0;               ///< Begin of the step, Unix seconds, a multiple of the tier's step.
  std::int64_t covered = 0;          ///< Seconds of it that were watched.
  std::vector<std::int64_t> values;  ///< By column; kUnknown: nothing was measured.
};

/// What changes rarely and has a name: a product's stock, a currency's revenue. Only changes are kept.
struct HistoryLevel {
  enum class Kind : std::uint8_t { stock, revenue };
  using Values = std::array<std::int64_t, 3>;  ///< available, held, sold; or confirmed, refunded, units.
  std::size_t tier = 0;
  std::int64_t at = 0;  ///< The step from whose end on this holds.
  Kind kind = Kind::stock;
  std::string name;  ///< Product id, or currency.
  Values values{};   ///< kUnknown: the product is gone.
};

struct HistoryBatch {
  std::int64_t now = 0;  ///< Unix seconds: what is old is judged by this.
  std::vector<HistoryRow> rows;
  std::vector<HistoryLevel> levels;
  std::vector<FinishedStep> steps;
};

struct HistoryQuery {
  std::size_t tier = 0;
  std::int64_t from = 0;              ///< A multiple of the tier's step.
  std::int64_t to = 0;                ///< As well, and later.
  std::vector<std::string> products;  ///< Whose stock; empty: of those that changed most.
  std::size_t products_max = 20;
};

struct HistoryPage {
  std::vector<std::int64_t> covered;               ///< By point.
  std::vector<std::vector<std::int64_t>> columns;  ///< By column, by point.
  struct Levels {
    HistoryLevel::Kind kind = HistoryLevel::Kind::stock;
    std::string name;
    std::array<std::vector<std::int64_t>, 3> values;  ///< By point.
  };
  std::vector<Levels> levels;  ///< Revenue by currency; stock in the order asked for.
};

/// Empty members let everything through.
struct StepSearch {
  std::optional<Step> step = {};
  std::optional<FinishedStep::Result> result = {};
  std::optional<OrderId> order = {};
  std::uint64_t before = 0;  ///< Only older ones; 0: from the newest.
  std::size_t limit = 20;
};
struct StepPage {
  std::vector<FinishedStep> steps;  ///< Newest first.
  std::uint64_t next = 0;           ///< Ask on with this as `before`; 0: that was all.
};

/// Purpose: remembers what monitors showed. Losing it costs pictures, never a sale, so it may drop what it is given.
/// Concurrency: put() from any thread, never waits; the questions from any thread that may block.
class SaleHistory {
 public:
  virtual ~SaleHistory() = default;
  [[nodiscard]] virtual const std::vector<HistoryColumn>& columns() const noexcept = 0;
  /// What a step had before is replaced. False: too much waits, it was dropped.
  virtual bool put(HistoryBatch batch) noexcept = 0;
  /// Includes everything that was put before.
  [[nodiscard]] virtual Result<HistoryPage> read(const HistoryQuery& query) = 0;
  [[nodiscard]] virtual Result<StepPage> steps(const StepSearch& search) = 0;
  /// The step that begins at `at`; nullopt: nothing is known of it.
  [[nodiscard]] virtual Result<std::optional<HistoryRow>> row(std::size_t tier, std::int64_t at) = 0;
};

}  // namespace scalemart
