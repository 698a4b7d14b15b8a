#include "app/backup.hpp"

#include <thread>
#include <utility>

#include "app/backup_folder.hpp"
#include "base/await.hpp"
#include "base/hex.hpp"

namespace scalemart {
namespace {

// While the shop sells, a portion each few milliseconds and no faster (30 MB/s): the sale goes first.
constexpr std::size_t kPortion = 256 << 10;
constexpr std::chrono::milliseconds kPause{8};

Refusal failed(std::string message) {
  return {Refusal::Kind::cannot_run, "", std::move(message)};
}

/// Everything that is durable when it begins.
Result<JournalHead> copy_journal(EmbeddedEngine& engine, const std::filesystem::path& file, const Clock& clock) {
  SqliteJournal::Options options;
  options.file = file;
  options.is_copy = true;  // seal_backup() syncs it; syncs of its own would hold up those of the sale
  auto copy = SqliteJournal::open(std::move(options), clock);
  if (!copy) return copy.error();
  const Sequence until = engine.sequencer().sequence();
  Sequence sold = until;
  while ((*copy)->head().sequence < until) {
    const auto batches = engine.read_batches((*copy)->head().sequence, kPortion);
    if (!batches) return batches.error();
    if (batches->empty()) break;
    if (auto added = (*copy)->append_raw(*batches); !added) return added.error();
    (*copy)->tidy();
    if (std::exchange(sold, engine.sequencer().sequence()) != sold) std::this_thread::sleep_for(kPause);
  }
  return (*copy)->head();
}

}  // namespace

Done<BackupReport> make_backup(EmbeddedEngine& engine, EmbeddedAccountStore& accounts,
                               const std::filesystem::path& folder, const Clock& clock) {
  const SteadyTime begin = clock.steady();
  if (const auto prepared = prepare_backup(folder); !prepared)
    return Refusal{Refusal::Kind::refused, "folder_not_empty", prepared.error().message};
  const auto head = copy_journal(engine, folder / "journal.db", clock);
  if (!head) return failed(head.error().message);
  // After the journal: every buyer of an order in it is among the accounts.
  const auto copied =
      await<Result<void>>([&](auto done) { return accounts.copy_to(folder / "accounts.db", std::move(done)); });
  if (!copied) return failed("the account store does not answer");
  if (!*copied) return failed(copied->error().message);
  std::error_code none;
  std::filesystem::copy_file(engine.folder().file("token.keys"), folder / "token.keys",
                             none);  // absent: it is in the environment
  std::filesystem::copy_file(engine.folder().file("version"), folder / "version", none);
  if (none) return failed("the folder's version cannot be copied: " + none.message());
  const auto bytes = seal_backup(folder, clock.wall(), head->sequence, to_hex(head->hash));
  if (!bytes) return failed(bytes.error().message);
  return BackupReport{folder, *bytes, head->sequence,
                      std::chrono::duration_cast<std::chrono::milliseconds>(clock.steady() - begin)};
}

}  // namespace scalemart
