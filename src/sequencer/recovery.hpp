#pragma once
// From what is on disk back to the ledger.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "ledger/ledger.hpp"
#include "port/journal.hpp"
#include "port/snapshot_store.hpp"

namespace scalemart {

struct Recovered {
  Ledger ledger;                   ///< At journal.head().
  Sequence snapshot = 0;           ///< Where replay began; 0: without a snapshot.
  std::uint64_t replayed = 0;      ///< Records since then.
  std::vector<std::string> notes;  ///< What was passed over: damaged snapshots. One line each.
};

/// The newest snapshot that is whole, then the journal's records after it; without one, all records. The hash
/// chain is checked from there on, and every record against the rules.
/// An error names the batch or record. A snapshot that is ahead of the journal, or whose place in the chain
/// is another one, is an error too, not passed over: records are missing or were changed, and an older
/// snapshot would hide it.
[[nodiscard]] Result<Recovered> recover(Journal& journal, SnapshotStore* snapshots);

}  // namespace scalemart
