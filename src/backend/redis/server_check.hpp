#pragma once
// Whether this Redis is one that a sale can stand behind. Asked at the start, and by `scalemart doctor`.

#include "backend/redis/functions.hpp"

namespace scalemart::redis {

/// Reaches every master; wants version 7.0 or later, no eviction, the function library (which it loads when the user
/// may), and every right that gateways and workers need: each function is called once, under keys of its own.
/// The error is one line: what is wrong, where, and what to do.
[[nodiscard]] Result<void> check_servers(Functions& functions, const Keyspace& keys, std::chrono::milliseconds within);

}  // namespace scalemart::redis
