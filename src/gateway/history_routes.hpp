#pragma once
// /api/admin/history and /api/admin/queue/steps: what was, also before this process.

#include "base/task_pool.hpp"
#include "flow/sale_clock.hpp"
#include "gateway/route.hpp"
#include "port/sale_history.hpp"

namespace scalemart {

struct HistoryServices {
  SaleHistory& history;
  const SaleClock& clock;
  TaskPool& pool;  ///< Runs the queries.
};

/// The services outlive the routes.
[[nodiscard]] Routes history_routes(HistoryServices services);

/// Which tier and which whole steps of it answer a question about [from, to); the largest `step` that is asked for is
/// taken as it is. An error is the sentence for the caller, and the parameter that it is about.
struct HistoryFault {
  std::string parameter;
  std::string sentence;
};
inline constexpr std::int64_t kHistoryPointsMax = 3000;
[[nodiscard]] std::variant<HistoryQuery, HistoryFault> plan_history(std::optional<WallTime> from,
                                                                    std::optional<WallTime> to,
                                                                    std::optional<std::int64_t> step, WallTime now);

/// The answer: each column at its path.
[[nodiscard]] boost::json::object render_history(const HistoryQuery& query, const HistoryPage& page,
                                                 const std::vector<HistoryColumn>& columns);

}  // namespace scalemart
