#include "backend/embedded/journal.hpp"

#include <sqlite3.h>

#include <cstdio>
#include <cstdlib>

#include "base/check.hpp"
#include "domain/record_codec.hpp"

namespace scalemart {
namespace {

constexpr int kApplicationId = 0x53634d6a;  // "ScMj"
constexpr const char* kSchemaVersion = "1";

#ifdef SCALEMART_MUTANT_NO_SYNC
constexpr bool kSyncs = false;
#else
constexpr bool kSyncs = true;
#endif

void default_fatal(const std::string& line) {
  std::fprintf(stderr, "%s\n", line.c_str());
  std::abort();
}

/// Error messages name files and say what SQLite said: quotes and control characters must not break the line.
std::string json_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

}  // namespace

SqliteJournal::SqliteJournal(Options options, const Clock& clock, sqlite::Connection db)
    : options_(std::move(options)), clock_(clock), db_(std::move(db)), wal_name_(options_.file.string() + "-wal") {}

SqliteJournal::~SqliteJournal() = default;

Result<std::unique_ptr<SqliteJournal>> SqliteJournal::open(Options options, const Clock& clock) {
  if (!options.fatal) options.fatal = default_fatal;
  auto db = sqlite::Connection::open(options.file);
  if (!db) return db.error();
  std::unique_ptr<SqliteJournal> journal(new SqliteJournal(std::move(options), clock, std::move(*db)));
  if (auto done = journal->set_up(); !done) return done.error();
  if (auto done = journal->prepare(); !done) return done.error();
  if (auto done = journal->load_head(); !done) return done.error();
  journal->file_ = file_identity(journal->options_.file.c_str());
  journal->wal_ = file_identity(journal->wal_name_.c_str());
  return journal;
}

Result<void> SqliteJournal::set_up() {
  // Exclusive before the first read: then the WAL's index is in our own memory and no other process gets in.
  if (!db_.execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA page_size=8192; PRAGMA secure_delete=OFF;"
                   "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY"))
    return db_.failure("set up");
  auto mode = db_.ask("PRAGMA journal_mode=WAL");
  if (!mode) return mode.error();
  if (*mode != "wal") return error(options_.file.string() + ": journal_mode is " + *mode + ", not wal");
  const bool syncs = kSyncs && !options_.is_copy;
  if (!db_.execute("PRAGMA wal_autocheckpoint=0") ||
      !db_.execute(syncs ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=OFF"))
    return db_.failure("set up");
  auto synchronous = db_.ask("PRAGMA synchronous");
  if (!synchronous) return synchronous.error();
  if (*synchronous != (syncs ? "2" : "0")) return error(options_.file.string() + ": synchronous is " + *synchronous);
  auto version = db_.ask("PRAGMA user_version");
  if (!version) return version.error();
  if (*version != "0" && *version != kSchemaVersion)
    return error(options_.file.string() + ": has format " + *version + ", this program knows " + kSchemaVersion);
  const std::string limit = "PRAGMA journal_size_limit=" + std::to_string(4 * options_.checkpoint_bytes);
  if (!db_.execute(limit.c_str())) return db_.failure("set up");
  // A shop whose disk is full must be able to start: it has releases to take.
  bool full = false;
  auto made = make_tables(full);
  if (!made && full && options_.reserve != nullptr && options_.reserve->give_up()) made = make_tables(full);
  if (!made) return made;
  sqlite3_wal_hook(db_.raw(), &SqliteJournal::committed, this);
  // SQLite ignores a failure to sync the WAL's folder entry.
  return sync_folder(options_.file.parent_path());
}

Result<void> SqliteJournal::make_tables(bool& full) {
  const std::string id = "PRAGMA application_id=" + std::to_string(kApplicationId);
  // Written at every start, so that the WAL file exists before its folder is synced.
  if (db_.execute("BEGIN IMMEDIATE") &&
      db_.execute("CREATE TABLE IF NOT EXISTS batch(first INTEGER PRIMARY KEY, count INTEGER NOT NULL,"
                  " bytes BLOB NOT NULL, hash BLOB NOT NULL) STRICT") &&
      db_.execute(id.c_str()) && db_.execute("PRAGMA user_version=1") && db_.execute("COMMIT"))
    return {};
  full = (db_.code() & 0xff) == SQLITE_FULL;
  Error why = db_.failure("make the tables");
  if (db_.in_transaction()) static_cast<void>(db_.execute("ROLLBACK"));
  return why;
}

Result<void> SqliteJournal::prepare() {
  struct {
    sqlite::Statement& statement;
    const char* sql;
  } const wanted[] = {
      {insert_, "INSERT INTO batch(first, count, bytes, hash) VALUES(?1, ?2, ?3, ?4)"},
      {select_, "SELECT first, count, bytes, hash FROM batch WHERE first > ?1 ORDER BY first"},
      {select_from_,
       "SELECT first, count, bytes, hash FROM batch"
       " WHERE first >= (SELECT max(first) FROM batch WHERE first <= ?1) ORDER BY first"},
  };
  for (const auto& [statement, sql] : wanted) {
    auto prepared = db_.prepare(sql);
    if (!prepared) return prepared.error();
    statement = std::move(*prepared);
  }
  return {};
}

int SqliteJournal::committed(void* self, sqlite3*, const char*, int frames) {
  static_cast<SqliteJournal*>(self)->wal_bytes_ = static_cast<std::uint64_t>(frames) * 8192;
  return SQLITE_OK;
}

void SqliteJournal::die(std::string_view doing) {
  const std::string line = R"({"level":"critical","event":"storage_failed","detail":")" +
                           json_text(db_.failure(doing).message) +
                           R"(; the outcome is unknown, so the process ends: start it again"})";
  options_.fatal(line);
  default_fatal(line);
  std::abort();
}

bool SqliteJournal::insert(Sequence first, std::uint64_t count, std::span<const std::byte> bytes,
                           const ChainHash& hash) {
  // A single statement is its own transaction: when it is done, it is synced.
  insert_.bind(1, static_cast<std::int64_t>(first)).bind(2, static_cast<std::int64_t>(count)).bind(3, bytes);
  return insert_.bind(4, std::span<const std::byte>(hash)).run();
}

Journal::Appended SqliteJournal::append(std::span<const Record> records, bool for_release) {
  SCALEMART_CHECK(!records.empty());
  const Sequence first = head_.sequence + 1;
  SCALEMART_CHECK(records.front().sequence == first && records.back().sequence == head_.sequence + records.size());
  buffer_.clear();
  encode_batch(records, buffer_);
  const ChainHash hash = hasher_.next(head_.hash, first, records.size(), buffer_);
  for (bool again = false;; again = true) {
    if (insert(first, records.size(), buffer_, hash)) break;
    if ((db_.code() & 0xff) != SQLITE_FULL) die("append");
    if (db_.in_transaction() && !db_.execute("ROLLBACK")) die("roll back");
    const bool gave = options_.reserve != nullptr && options_.reserve->give_up();
    if (again || !for_release || !gave) return Appended::no_space;
  }
  head_ = {records.back().sequence, hash};
  return Appended::durable;
}

void SqliteJournal::tidy() {
  if (wal_bytes_ < options_.checkpoint_bytes) return;
  const SteadyTime begin = clock_.steady();
  int in_wal = 0;
  int written_back = 0;
  const int rc = sqlite3_wal_checkpoint_v2(db_.raw(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_wal, &written_back);
  if (rc == SQLITE_OK) {
    wal_bytes_ = 0;  // The next commit starts the WAL over and says how long it is.
  } else if ((rc & 0xff) == SQLITE_FULL) {
    // Nothing is lost, the WAL has it all. It is tried again after as many bytes more.
    if (options_.reserve != nullptr) options_.reserve->give_up();
    wal_bytes_ = 0;
  } else {
    die("checkpoint");
  }
  if (options_.on_checkpoint) options_.on_checkpoint(clock_.steady() - begin);
}

bool SqliteJournal::has_room_for_buys() const noexcept {
  return (options_.reserve == nullptr || options_.reserve->has_room()) && is_in_place();
}

bool SqliteJournal::is_in_place() const noexcept {
  return file_identity(options_.file.c_str()) == file_ && file_identity(wal_name_.c_str()) == wal_;
}

}  // namespace scalemart
