#pragma once
// Whether this Redis is one that a sale can stand behind. Asked at the start, and by `scalemart doctor`.

#include "backend/redis/functions.hpp"

namespace scalemart::redis {

/// How far this machine's wall clock is ahead of that server's, less what the question itself may have taken.
[[nodiscard]] Answered<std::chrono::milliseconds> clock_lead(Connection& server, const Clock& clock,
                                                             SteadyTime deadline);

/// Reaches every master; wants version 7.0 or later, no eviction, a clock that agrees with this machine's, the
/// function library (which it loads when the user may), and every right that gateways and workers need: each function
/// is called once, under keys of its own.
/// The error is one line: what is wrong, where, and what to do.
[[nodiscard]] Result<void> check_servers(Functions& functions, const Keyspace& keys, std::chrono::milliseconds within);

}  // namespace scalemart::redis
