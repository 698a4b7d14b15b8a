#pragma once
// `scalemart verify` without a server.

#include <filesystem>

#include "app/operations.hpp"
#include "base/clock.hpp"

namespace scalemart {

/// Proves the ledger of a folder that nobody serves from: a shop's data folder, or a backup. Changes nothing
/// in it. A damaged file is a report with problems; cannot_run when the folder is in use, or cannot be read.
[[nodiscard]] Done<VerifyReport> verify_folder(const std::filesystem::path& folder, const Clock& clock);

}  // namespace scalemart
