#pragma once
// A hot backup: the journal up to one place, the accounts, the key.

#include <filesystem>

#include "app/embedded_engine.hpp"
#include "app/operations.hpp"
#include "backend/embedded/account_store.hpp"

namespace scalemart {

/// Copies whole batches between two rounds of the sequencer, a quarter of a megabyte at a time and at a
/// pace while the shop sells, so that selling goes on. Blocks its thread.
/// The result is a data folder that `scalemart restore` accepts. `folder` is absent or empty.
[[nodiscard]] Done<BackupReport> make_backup(EmbeddedEngine& engine, EmbeddedAccountStore& accounts,
                                             const std::filesystem::path& folder, const Clock& clock);

}  // namespace scalemart
