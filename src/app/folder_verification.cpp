#include "app/folder_verification.hpp"

#include <optional>

#include "app/verification.hpp"
#include "backend/embedded/audit_look.hpp"
#include "backend/embedded/data_folder.hpp"
#include "backend/embedded/query_tables.hpp"
#include "backend/embedded/snapshot_file.hpp"

namespace scalemart {
namespace {

Refusal cannot_run(const Error& why) {
  return {Refusal::Kind::cannot_run, "", why.message};
}

/// The newest place that a whole snapshot knows: the journal must reach it, and have the same chain there.
std::optional<JournalHead> known_place(const std::filesystem::path& folder) {
  SnapshotFiles snapshots(folder);
  for (const Sequence sequence : snapshots.list()) {
    const auto reader = snapshots.open(sequence);
    if (reader && (*reader)->next()) return (*reader)->at();  // the first block's check covers the place
  }
  return std::nullopt;
}

void compare(const RawBatch& batch, const std::optional<JournalHead>& known, Verification& verification) {
  if (known && batch.first + batch.count - 1 == known->sequence && batch.hash != known->hash)
    verification.add_problem("the journal up to " + std::to_string(known->sequence) +
                             " is not the one the snapshot knows");
}

/// The last record that the search knows: it is filled from durable ones, so the journal must reach it. A file
/// that cannot be read proves nothing; the next start makes it again.
Sequence known_to_search(const std::filesystem::path& folder) {
  const auto applied = QueryTables::look_at_applied(folder / "query.db");
  return applied ? *applied : 0;
}

/// The reader's failure is a problem of the journal, or a reason why nothing can be said.
Done<void> take_all(JournalLook& journal, const std::optional<JournalHead>& known, Sequence searchable,
                    Verification& verification) {
  for (;;) {
    const auto batch = journal.next();
    if (!batch && !journal.is_damage()) return cannot_run(batch.error());
    if (!batch) verification.add_problem(batch.error().message);
    if (!batch || !*batch) break;
    compare(**batch, known, verification);
    if (!verification.take(std::span(&**batch, 1))) return {};
  }
  if (known && verification.sequence() < known->sequence)
    verification.add_problem("the journal ends at " + std::to_string(verification.sequence()) +
                             ", the snapshot knows " + std::to_string(known->sequence) + ": records are missing");
  if (verification.sequence() < searchable)
    verification.add_problem("the journal ends at " + std::to_string(verification.sequence()) + ", query.db knows " +
                             std::to_string(searchable) + ": records are missing");
  return {};
}

}  // namespace

Done<void> take_journal(const std::filesystem::path& folder, Verification& verification) {
  auto journal = JournalLook::open(folder / "journal.db");
  if (!journal) return cannot_run(journal.error());
  return take_all(*journal, known_place(folder), known_to_search(folder), verification);
}

Done<VerifyReport> verify_folder(const std::filesystem::path& path, const Clock& clock) {
  const SteadyTime begin = clock.steady();
  const auto folder = FolderLook::open(path);
  if (!folder) return cannot_run(folder.error());
  Verification verification;
  if (const auto taken = take_journal(path, verification); !taken) return taken.error();
  const auto trail = look_at_audit(path / "accounts.db");
  if (!trail) verification.add_problem(trail.error().message);
  if (trail && trail->first_bad != 0)
    verification.add_problem("the audit trail was changed at row " + std::to_string(trail->first_bad));
  if (const auto alone = folder->still_alone(); !alone) return cannot_run(alone.error());
  VerifyReport report = verification.report();
  report.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock.steady() - begin);
  return report;
}

}  // namespace scalemart
