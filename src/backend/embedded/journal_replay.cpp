// Reading the journal back: at the start, for who fell behind, and for backups.
#include <sqlite3.h>

#include <cstring>

#include "backend/embedded/journal.hpp"
#include "domain/record_codec.hpp"

namespace scalemart {
namespace {

Error bad_batch(Sequence first, std::string_view what) {
  return error("journal: the batch at sequence " + std::to_string(first) + " " + std::string(what));
}

ChainHash to_hash(std::span<const std::byte> bytes) {
  ChainHash hash{};
  if (bytes.size() == hash.size()) std::memcpy(hash.data(), bytes.data(), hash.size());
  return hash;
}

/// Decodes one batch's records; `visit` sees those after `after`.
Result<void> visit_batch(Sequence first, std::uint64_t count, std::span<const std::byte> bytes, Sequence after,
                         const std::function<void(const Record&)>& visit) {
  const auto records = decode_batch(first, bytes);
  if (!records) return bad_batch(first, "cannot be read: " + records.error().message);
  if (records->size() != count) return bad_batch(first, "has another number of records than it says");
  for (const Record& record : *records)
    if (record.sequence > after) visit(record);
  return {};
}

/// The columns first, count, bytes, hash of the row at hand. The bytes are the statement's.
struct Row {
  Sequence first;
  std::uint64_t count;
  std::span<const std::byte> bytes;
  ChainHash hash;

  [[nodiscard]] Sequence last() const { return first + count - 1; }
};

Result<Row> row_of(const sqlite::Statement& statement) {
  const std::int64_t first = statement.integer(0);
  const std::int64_t count = statement.integer(1);
  const auto hash = statement.blob(3);
  if (first < 1) return error("journal: there is a batch at " + std::to_string(first));
  if (count < 1 || hash.size() != ChainHash{}.size()) return bad_batch(static_cast<Sequence>(first), "is damaged");
  return Row{static_cast<Sequence>(first), static_cast<std::uint64_t>(count), statement.blob(2), to_hash(hash)};
}

/// Resets a shared statement on every way out.
class Reading {
 public:
  Reading(sqlite::Connection& db, sqlite::Statement& statement, Sequence from) : db_(db), statement_(statement) {
    statement_.bind(1, static_cast<std::int64_t>(from));
  }
  ~Reading() { statement_.reset(); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  /// False: there are no more rows.
  [[nodiscard]] Result<bool> next() {
    switch (statement_.step()) {
      case sqlite::Statement::Step::row:
        return true;
      case sqlite::Statement::Step::done:
        return false;
      case sqlite::Statement::Step::failed:
        break;
    }
    return db_.failure("read the journal");
  }

 private:
  sqlite::Connection& db_;
  sqlite::Statement& statement_;
};

}  // namespace

Result<void> SqliteJournal::load_head() {
  auto last = db_.prepare("SELECT first, count, bytes, hash FROM batch ORDER BY first DESC LIMIT 1");
  if (!last) return last.error();
  const auto step = last->step();
  if (step == sqlite::Statement::Step::failed) return db_.failure("read the last batch");
  if (step == sqlite::Statement::Step::done) return {};
  const auto row = row_of(*last);
  if (!row) return row.error();
  head_ = {row->last(), row->hash};
  return {};
}

Result<void> SqliteJournal::require_batch_end(Sequence after, const ChainHash& known) {
  if (after > head_.sequence)
    return error("journal: ends at " + std::to_string(head_.sequence) + ", before " + std::to_string(after) +
                 " where it should go on: records are missing");
  if (after == 0) return {};
  Reading reading(db_, select_from_, after);
  const auto found = reading.next();
  if (!found) return found.error();
  if (!*found) return bad_batch(after, "is missing");
  const auto row = row_of(select_from_);
  if (!row) return row.error();
  if (row->last() != after || row->hash != known) return bad_batch(row->first, "is not the one known from before");
  return {};
}

Result<void> SqliteJournal::replay(Sequence after, const ChainHash& known,
                                   const std::function<void(const Record&)>& visit) {
  if (auto found = require_batch_end(after, known); !found) return found;
  Sequence expected = after + 1;
  ChainHash hash = known;
  Reading reading(db_, select_, after);
  for (;;) {
    const auto more = reading.next();
    if (!more) return more.error();
    if (!*more) break;
    const auto row = row_of(select_);
    if (!row) return row.error();
    if (row->first != expected) return bad_batch(row->first, "does not follow " + std::to_string(expected - 1));
    hash = hasher_.next(hash, row->first, row->count, row->bytes);
    if (hash != row->hash) return bad_batch(row->first, "was changed: its hash does not match");
    if (auto done = visit_batch(row->first, row->count, row->bytes, after, visit); !done) return done;
    expected = row->last() + 1;
  }
  if (expected != head_.sequence + 1 || hash != head_.hash) return error("journal: changed while it was read");
  return {};
}

Result<Sequence> SqliteJournal::read(Sequence after, std::size_t max, const std::function<void(const Record&)>& visit) {
  Sequence reached = after;
  Reading reading(db_, select_from_, after + 1);
  while (reached - after < max) {
    const auto more = reading.next();
    if (!more) return more.error();
    if (!*more) break;
    const auto row = row_of(select_from_);
    if (!row) return row.error();
    if (row->last() <= after) continue;
    if (row->first > reached + 1) return bad_batch(row->first, "does not follow " + std::to_string(reached));
    if (auto done = visit_batch(row->first, row->count, row->bytes, after, visit); !done) return done.error();
    reached = row->last();
  }
  return reached;
}

Result<std::vector<RawBatch>> SqliteJournal::read_raw(Sequence after, std::size_t max_bytes) {
  std::vector<RawBatch> batches;
  std::size_t bytes = 0;
  Reading reading(db_, select_, after);
  while (batches.empty() || bytes < max_bytes) {
    const auto more = reading.next();
    if (!more) return more.error();
    if (!*more) break;
    const auto row = row_of(select_);
    if (!row) return row.error();
    bytes += row->bytes.size();
    batches.push_back({row->first, row->count, {row->bytes.begin(), row->bytes.end()}, row->hash});
  }
  return batches;
}

Result<JournalLook> JournalLook::open(const std::filesystem::path& file) {
  auto db = sqlite::Connection::open_to_look(file);
  if (!db) return db.error();
  return JournalLook(std::move(*db));
}

Result<std::optional<RawBatch>> JournalLook::next() {
  if (!reading_) {
    auto rows = db_.prepare("SELECT first, count, bytes, hash FROM batch ORDER BY first");
    if (!rows) return rows.error();
    rows_ = std::move(*rows);
    reading_ = true;
  }
  switch (rows_.step()) {
    case sqlite::Statement::Step::done:
      return std::optional<RawBatch>();
    case sqlite::Statement::Step::failed:
      return db_.failure("read the journal");
    case sqlite::Statement::Step::row:
      break;
  }
  const auto row = row_of(rows_);
  if (!row) return row.error();
  return std::optional(RawBatch{row->first, row->count, {row->bytes.begin(), row->bytes.end()}, row->hash});
}

bool JournalLook::is_damage() const noexcept {
  switch (db_.code() & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return false;
    default:
      return true;
  }
}

Result<void> SqliteJournal::append_raw(std::span<const RawBatch> batches) {
  if (!db_.execute("BEGIN IMMEDIATE")) return db_.failure("begin");
  JournalHead head = head_;
  for (const RawBatch& batch : batches) {
    const bool follows = batch.first == head.sequence + 1 && batch.count > 0 &&
                         hasher_.next(head.hash, batch.first, batch.count, batch.bytes) == batch.hash;
    if (!follows || !insert(batch.first, batch.count, batch.bytes, batch.hash)) {
      const Error why = follows ? db_.failure("copy a batch") : bad_batch(batch.first, "does not continue the chain");
      static_cast<void>(db_.execute("ROLLBACK"));
      return why;
    }
    head = {batch.first + batch.count - 1, batch.hash};
  }
  if (!db_.execute("COMMIT")) return db_.failure("commit");
  head_ = head;
  return {};
}

}  // namespace scalemart
