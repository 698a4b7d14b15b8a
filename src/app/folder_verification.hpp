#pragma once
// `scalemart verify` without a server, of a shop in a folder.

#include <filesystem>

#include "app/operations.hpp"
#include "app/verification.hpp"
#include "base/clock.hpp"

namespace scalemart {

/// Proves the ledger of a folder that nobody serves from: a shop's data folder, or a backup. Changes nothing
/// in it. A damaged file is a report with problems; cannot_run when the folder is in use, or cannot be read.
[[nodiscard]] Done<VerifyReport> verify_folder(const std::filesystem::path& folder, const Clock& clock);

/// Feeds the whole journal of a folder that nobody else has open, and adds a problem when it does not reach as far as a
/// snapshot or the search knows it. cannot_run when it cannot be read.
[[nodiscard]] Done<void> take_journal(const std::filesystem::path& folder, Verification& verification);

}  // namespace scalemart
