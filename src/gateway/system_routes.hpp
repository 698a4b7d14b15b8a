#pragma once
// /api/admin/rate-limits: who may do how much, and how many want more.

#include "admission/limiter.hpp"
#include "base/clock.hpp"
#include "base/task_pool.hpp"
#include "gateway/route.hpp"
#include "port/account_store.hpp"

namespace scalemart {

struct SystemServices {
  Limiter& limiter;
  AccountStore& accounts;  ///< Keeps changed limits over a restart.
  const Clock& clock;
  TaskPool& pool;  ///< Counts refusals.
};

/// The services outlive the routes.
[[nodiscard]] Routes system_routes(SystemServices services);

/// The account store's key of changed rate limits: {"flash_buy":"10/60s",...}.
inline constexpr std::string_view kRateLimitSetting = "rate_limits";
/// Applies what was stored; unknown members and unparsable values are left out.
void apply_stored_limits(Limiter& limiter, std::string_view json, SteadyTime now);

}  // namespace scalemart
