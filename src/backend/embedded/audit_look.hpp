#pragma once
// The audit trail of an accounts.db that no process has open.

#include <filesystem>

#include "base/result.hpp"
#include "port/account_store.hpp"

namespace scalemart {

/// Checks the chain of the trail; changes nothing on disk. An error: the file cannot be read as one of
/// accounts.
[[nodiscard]] Result<AuditCheck> look_at_audit(const std::filesystem::path& accounts);

}  // namespace scalemart
