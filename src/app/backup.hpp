#pragma once
// A hot backup: the journal up to one place, the accounts, the key.

#include <filesystem>

#include "app/engine.hpp"
#include "app/identity.hpp"
#include "app/operations.hpp"

namespace scalemart {

/// Copies whole batches between two rounds of the sequencer, a megabyte at a time, so that selling goes on.
/// The result is a data folder that `scalemart restore` accepts. `folder` is absent or empty.
[[nodiscard]] Done<BackupReport> make_backup(Engine& engine, Identity& identity, const std::filesystem::path& folder,
                                             const Clock& clock);

}  // namespace scalemart
