#include "backend/embedded/outbox_store.hpp"

namespace scalemart {
namespace {

using Stepped = sqlite::Statement::Step;

constexpr const char* kSettings =
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA trusted_schema=OFF;"
    "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=4194304;";
constexpr const char* kSchemaVersion = "1";
constexpr const char* kSchema =
    "CREATE TABLE outlet(name TEXT PRIMARY KEY, cursor INTEGER NOT NULL, failing_since INTEGER NOT NULL,"
    " last_delivered INTEGER NOT NULL, disabled TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE letter(id INTEGER PRIMARY KEY, outlet TEXT NOT NULL, key TEXT NOT NULL, dead INTEGER NOT NULL,"
    " type TEXT NOT NULL, subject TEXT NOT NULL, sequence INTEGER NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL,"
    " stock INTEGER, attempts INTEGER NOT NULL, refusals INTEGER NOT NULL, last INTEGER NOT NULL,"
    " next INTEGER NOT NULL, status INTEGER NOT NULL, problem TEXT NOT NULL, UNIQUE(outlet, key)) STRICT;"
    "CREATE INDEX letter_by_state ON letter(outlet, dead, id);"
    "PRAGMA user_version=1;";

Letter letter_of(const sqlite::Statement& row) {
  Letter letter;
  letter.key = row.text(0);
  letter.type = row.text(1);
  letter.subject = row.text(2);
  letter.sequence = static_cast<Sequence>(row.integer(3));
  letter.at = {row.integer(4)};
  letter.body = row.text(5);
  if (!row.is_null(6)) letter.stock = ProductRef{static_cast<std::uint32_t>(row.integer(6))};
  letter.attempts = static_cast<std::uint32_t>(row.integer(7));
  letter.refusals = static_cast<std::uint32_t>(row.integer(8));
  letter.last = {row.integer(9)};
  letter.next = {row.integer(10)};
  letter.status = static_cast<int>(row.integer(11));
  letter.problem = row.text(12);
  return letter;
}

}  // namespace

Result<std::unique_ptr<EmbeddedOutboxStore>> EmbeddedOutboxStore::open(const std::filesystem::path& file) {
  auto db = sqlite::Connection::open(file);
  if (!db) return db.error();
  std::unique_ptr<EmbeddedOutboxStore> store(new EmbeddedOutboxStore(std::move(*db)));
  if (auto done = store->set_up(); !done) return done.error();
  return store;
}

Result<void> EmbeddedOutboxStore::set_up() {
  if (!db_.execute(kSettings)) return db_.failure("set up");
  const auto version = db_.ask("PRAGMA user_version");
  if (!version) return version.error();
  if (*version == "0") {
    if (!db_.execute("BEGIN IMMEDIATE") || !db_.execute(kSchema) || !db_.execute("COMMIT"))
      return db_.failure("make the tables");
  } else if (*version != kSchemaVersion) {
    return error("outbox.db: has format " + *version + ", made by a newer version");
  }
  const std::pair<sqlite::Statement*, const char*> wanted[] = {
      {&place_, "SELECT cursor, failing_since, last_delivered, disabled FROM outlet WHERE name = ?1"},
      {&put_place_,
       "INSERT OR REPLACE INTO outlet(name, cursor, failing_since, last_delivered, disabled) VALUES(?1, ?2, ?3, ?4, "
       "?5)"},
      {&waiting_,
       "SELECT key, type, subject, sequence, at, body, stock, attempts, refusals, last, next, status, problem"
       " FROM letter WHERE outlet = ?1 AND dead = 0 ORDER BY id"},
      {&dead_,
       "SELECT key, type, subject, sequence, at, body, stock, attempts, refusals, last, next, status, problem"
       " FROM letter WHERE outlet = ?1 AND dead = 1 ORDER BY id DESC LIMIT ?2"},
      {&dead_by_key_,
       "SELECT key, type, subject, sequence, at, body, stock, attempts, refusals, last, next, status, problem"
       " FROM letter WHERE outlet = ?1 AND dead = 1 AND key = ?2"},
      {&count_, "SELECT count(*) FROM letter WHERE outlet = ?1 AND dead = 1"},
      {&put_,
       "INSERT OR REPLACE INTO letter(outlet, key, dead, type, subject, sequence, at, body, stock, attempts, refusals,"
       " last, next, status, problem) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"},
      {&remove_, "DELETE FROM letter WHERE outlet = ?1 AND key = ?2"},
      {&trim_,
       "DELETE FROM letter WHERE outlet = ?1 AND dead = 1 AND id <= (SELECT id FROM letter WHERE outlet = ?1 AND"
       " dead = 1 ORDER BY id DESC LIMIT 1 OFFSET ?2)"},
  };
  for (const auto& [statement, sql] : wanted) {
    auto prepared = db_.prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return {};
}

Result<std::optional<OutletPlace>> EmbeddedOutboxStore::place(const std::string& outlet) {
  const std::lock_guard lock(mutex_);
  place_.bind(1, outlet);
  std::optional<OutletPlace> place;
  const auto step = place_.step();
  if (step == Stepped::row)
    place = OutletPlace{static_cast<Sequence>(place_.integer(0)),
                        {place_.integer(1)},
                        {place_.integer(2)},
                        std::string(place_.text(3))};
  const Error fault = step == Stepped::failed ? db_.failure("read a place") : Error();
  place_.reset();
  if (step == Stepped::failed) return fault;
  return place;
}

Result<std::vector<Letter>> EmbeddedOutboxStore::read(sqlite::Statement& statement) {
  std::vector<Letter> letters;
  auto step = statement.step();
  for (; step == Stepped::row; step = statement.step()) letters.push_back(letter_of(statement));
  const Error fault = step == Stepped::failed ? db_.failure("read letters") : Error();
  statement.reset();
  if (step == Stepped::failed) return fault;
  return letters;
}

Result<std::vector<Letter>> EmbeddedOutboxStore::waiting(const std::string& outlet) {
  const std::lock_guard lock(mutex_);
  waiting_.bind(1, outlet);
  return read(waiting_);
}

Result<std::vector<Letter>> EmbeddedOutboxStore::dead(const std::string& outlet, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  dead_.bind(1, outlet).bind(2, static_cast<std::int64_t>(limit));
  return read(dead_);
}

Result<std::uint64_t> EmbeddedOutboxStore::dead_count(const std::string& outlet) {
  const std::lock_guard lock(mutex_);
  count_.bind(1, outlet);
  const bool read = count_.step() == Stepped::row;
  const auto count = read ? static_cast<std::uint64_t>(count_.integer(0)) : 0;
  count_.reset();
  if (!read) return db_.failure("count letters");
  return count;
}

bool EmbeddedOutboxStore::put(const std::string& outlet, const Letter& l, bool dead) {
  put_.bind(1, outlet).bind(2, l.key).bind(3, std::int64_t{dead}).bind(4, l.type).bind(5, l.subject);
  put_.bind(6, static_cast<std::int64_t>(l.sequence)).bind(7, l.at.ms).bind(8, l.body);
  if (l.stock)
    put_.bind(9, std::int64_t{index_of(*l.stock)});
  else
    put_.bind_null(9);
  put_.bind(10, std::int64_t{l.attempts}).bind(11, std::int64_t{l.refusals}).bind(12, l.last.ms).bind(13, l.next.ms);
  put_.bind(14, std::int64_t{l.status}).bind(15, l.problem);
  return put_.run();
}

bool EmbeddedOutboxStore::remove(const std::string& outlet, const std::string& key) {
  remove_.bind(1, outlet).bind(2, key);
  return remove_.run();
}

bool EmbeddedOutboxStore::write(const std::string& outlet, const OutletChange& change) {
  const OutletPlace& place = change.place;
  put_place_.bind(1, outlet).bind(2, static_cast<std::int64_t>(place.cursor));
  put_place_.bind(3, place.failing_since.ms).bind(4, place.last_delivered.ms).bind(5, place.disabled);
  if (!put_place_.run()) return false;
  // In this order: what was put by may have been taken, or given up, since.
  for (const Letter& letter : change.put)
    if (!put(outlet, letter, false)) return false;
  for (const std::string& key : change.removed)
    if (!remove(outlet, key)) return false;
  for (const Letter& letter : change.dead)
    if (!put(outlet, letter, true)) return false;
  if (change.dead.empty()) return true;
  trim_.bind(1, outlet).bind(2, std::int64_t{kDeadMax});
  return trim_.run();
}

Result<void> EmbeddedOutboxStore::commit(bool written) {
  if (written && db_.execute("COMMIT")) return {};
  const Error fault = db_.failure("write");
  if (db_.in_transaction()) static_cast<void>(db_.execute("ROLLBACK"));
  return fault;
}

Result<void> EmbeddedOutboxStore::save(const std::string& outlet, const OutletChange& change) {
  const std::lock_guard lock(mutex_);
  return commit(db_.execute("BEGIN IMMEDIATE") && write(outlet, change));
}

Result<std::vector<Letter>> EmbeddedOutboxStore::revive(const std::string& outlet, const std::string& key,
                                                        std::size_t limit) {
  if (limit == 0) return std::vector<Letter>();
  auto letters = [&] {
    const std::lock_guard lock(mutex_);
    if (key.empty()) {
      dead_.bind(1, outlet).bind(2, static_cast<std::int64_t>(limit));
      return read(dead_);
    }
    dead_by_key_.bind(1, outlet).bind(2, key);
    return read(dead_by_key_);
  }();
  if (!letters) return letters;
  const std::lock_guard lock(mutex_);
  bool written = db_.execute("BEGIN IMMEDIATE");
  for (Letter& letter : *letters) {
    letter.refusals = 0;
    letter.next = {};
    written = written && put(outlet, letter, false);
  }
  if (const auto done = commit(written); !done) return done.error();
  return letters;
}

Result<void> EmbeddedOutboxStore::forget(const std::string& outlet) {
  const std::lock_guard lock(mutex_);
  bool written = db_.execute("BEGIN IMMEDIATE");
  for (const char* sql : {"DELETE FROM letter WHERE outlet = ?1", "DELETE FROM outlet WHERE name = ?1"}) {
    auto statement = db_.prepare(sql);
    if (statement) statement->bind(1, outlet);
    written = written && statement && statement->run();
  }
  return commit(written);
}

}  // namespace scalemart
