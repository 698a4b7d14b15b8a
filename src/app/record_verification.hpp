#pragma once
// `scalemart verify` of a shared shop: by its database alone, with a server or without.

#include "app/config.hpp"
#include "app/operations.hpp"
#include "base/clock.hpp"
#include "port/system_of_record.hpp"

namespace scalemart {

/// Counts everything again from the orders. Without the audit trail.
[[nodiscard]] Done<VerifyReport> verify_record(SystemOfRecord& record);

/// The same with the audit trail, on the database that the configuration names. Redis is not asked: it only filters.
[[nodiscard]] Done<VerifyReport> verify_database(const Config& config, const Clock& clock);

}  // namespace scalemart
