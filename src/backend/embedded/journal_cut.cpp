#include "backend/embedded/journal_cut.hpp"

#include "backend/embedded/sqlite.hpp"
#include "domain/record_codec.hpp"

namespace scalemart {
namespace {

/// When it was made; nothing: it is no batch.
std::optional<WallTime> time_of_batch(std::span<const std::byte> head) {
  wire::Reader in(head);
  const bool known = in.u8() == kBatchVersion;
  in.varint();
  const WallTime time{in.fixed<std::int64_t>()};
  if (!known || in.failed()) return std::nullopt;
  return time;
}

}  // namespace

Result<JournalCut> cut_journal(const std::filesystem::path& journal, const std::variant<Sequence, WallTime>& until) {
  auto db = sqlite::Connection::open(journal);
  if (!db) return db.error();
  JournalCut cut;
  {
    // Version, count and time are its first bytes.
    auto batches = db->prepare("SELECT first, count, substr(bytes, 1, 20) FROM batch ORDER BY first");
    if (!batches) return batches.error();
    bool over = false;
    auto step = batches->step();
    for (; step == sqlite::Statement::Step::row; step = batches->step()) {
      const auto last = static_cast<Sequence>(batches->integer(0) + batches->integer(1) - 1);
      const auto time = time_of_batch(batches->blob(2));
      if (!time) return error(journal.string() + ": the batch up to record " + std::to_string(last) + " is damaged");
      const auto* number = std::get_if<Sequence>(&until);
      over = over || (number != nullptr ? last > *number : *time > std::get<WallTime>(until));
      if (over)
        cut.left_out = last - cut.head;
      else
        cut.head = last;
    }
    if (step == sqlite::Statement::Step::failed) return db->failure("read the batches");
  }
  if (cut.head == 0) return error("nothing was recorded by then");
  auto removal = db->prepare("DELETE FROM batch WHERE first > ?1");
  if (!removal) return removal.error();
  if (!removal->bind(1, static_cast<std::int64_t>(cut.head)).run()) return db->failure("cut the journal");
  if (!db->execute("PRAGMA wal_checkpoint(TRUNCATE)")) return db->failure("write the journal back");
  return cut;
}

}  // namespace scalemart
