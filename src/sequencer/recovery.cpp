#include "sequencer/recovery.hpp"

#include <optional>

#include "ledger/snapshot_codec.hpp"

namespace scalemart {
namespace {

struct Start {
  Ledger ledger;
  JournalHead at;
};

Result<Start> load(SnapshotStore& snapshots, Sequence sequence) {
  auto reader = snapshots.open(sequence);
  if (!reader) return reader.error();
  auto ledger = [&]() -> Result<Ledger> {
    const auto snapshot = read_snapshot([&] { return (*reader)->next(); });
    if (!snapshot) return snapshot.error();
    const auto end = (*reader)->next();
    if (!end) return end.error();
    if (!end->empty()) return error("it goes on after its end");
    return Ledger::from_snapshot(*snapshot);
  }();
  if (!ledger) return ledger.error();
  const JournalHead at = (*reader)->at();
  if (ledger->sequence() != at.sequence) return error("its ledger is at " + std::to_string(ledger->sequence()));
  return Start{std::move(*ledger), at};
}

/// The newest that is whole, or an empty ledger.
Start start_of(SnapshotStore* snapshots, std::vector<std::string>& notes) {
  if (snapshots != nullptr) {
    for (const Sequence sequence : snapshots->list()) {
      auto start = load(*snapshots, sequence);
      if (start) return std::move(*start);
      notes.push_back("snapshot " + std::to_string(sequence) + " is passed over: " + start.error().message);
    }
  }
  return {};
}

}  // namespace

Result<Recovered> recover(Journal& journal, SnapshotStore* snapshots) {
  Recovered recovered;
  Start start = start_of(snapshots, recovered.notes);
  recovered.snapshot = start.at.sequence;
  recovered.ledger = std::move(start.ledger);
  std::optional<Error> refused;
  const auto replayed = journal.replay(start.at.sequence, start.at.hash, [&](const Record& record) {
    if (refused) return;
    ++recovered.replayed;
    const auto applied = recovered.ledger.apply(record);
    if (!applied)
      refused = error("journal: record " + std::to_string(record.sequence) + " cannot be: " + applied.error().message);
  });
  if (!replayed) return replayed.error();
  if (refused) return *refused;
  return recovered;
}

}  // namespace scalemart
