#include "backend/embedded/history_tables.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "base/check.hpp"

namespace scalemart {
namespace {

using Stepped = sqlite::Statement::Step;

constexpr const char* kSchemaVersion = "1";
constexpr const char* kSchema =
    "CREATE TABLE step(tier INTEGER, at INTEGER, covered INTEGER NOT NULL, PRIMARY KEY(tier, at)) STRICT, WITHOUT "
    "ROWID;"
    "CREATE TABLE subject(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL) STRICT;"
    "CREATE TABLE level(tier INTEGER, subject INTEGER, at INTEGER, a INTEGER, b INTEGER, c INTEGER,"
    " PRIMARY KEY(tier, subject, at)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE finished(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, order_id BLOB NOT NULL, step INTEGER NOT NULL,"
    " result INTEGER NOT NULL, attempts INTEGER NOT NULL, took_us INTEGER NOT NULL, detail TEXT NOT NULL) STRICT;"
    "CREATE INDEX finished_by_result ON finished(result);"
    "CREATE INDEX finished_by_order ON finished(order_id);"
    "PRAGMA user_version=1;";

constexpr std::size_t kForgetSubjects = 8;  ///< Looked at in one transaction.
constexpr std::int64_t kForgetFinishedEvery = 500;

std::string quoted(const std::string& path) {
  return '"' + path + '"';
}

/// Names of columns cannot be bound; they are our own.
std::string filled(std::string sql, const std::string& names, const std::string& places) {
  for (const auto& [mark, text] : {std::pair("{names}", &names), std::pair("{places}", &places)})
    if (const auto at = sql.find(mark); at != std::string::npos) sql.replace(at, std::strlen(mark), *text);
  return sql;
}

void bind_value(sqlite::Statement& statement, int index, std::int64_t value) {
  if (value == kUnknown)
    statement.bind_null(index);
  else
    statement.bind(index, value);
}

}  // namespace

Error HistoryTables::fail(std::string_view doing) {
  const int kind = db_.code() & 0xff;
  broken_ = kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB || kind == SQLITE_CONSTRAINT || kind == SQLITE_MISMATCH;
  return db_.failure(doing);
}

Result<std::unique_ptr<HistoryTables>> HistoryTables::open(const std::filesystem::path& file,
                                                           std::span<const HistoryColumn> columns) {
  auto db = sqlite::Connection::open(file);
  if (!db) return db.error();
  std::unique_ptr<HistoryTables> tables(new HistoryTables(std::move(*db), columns.size()));
  if (auto done = tables->set_up(columns); !done) return done.error();
  if (auto done = tables->prepare(columns); !done) return done.error();
  if (auto done = tables->load_subjects(); !done) return done.error();
  return tables;
}

Result<void> HistoryTables::set_up(std::span<const HistoryColumn> columns) {
  // NORMAL: a power cut may take the last seconds of a picture.
  const std::string settings =
      "PRAGMA locking_mode=EXCLUSIVE; PRAGMA page_size=" + std::to_string(kPageBytes) +
      "; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=OFF; PRAGMA trusted_schema=OFF;"
      "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-4000;"
      "PRAGMA journal_size_limit=4194304; PRAGMA max_page_count=" +
      std::to_string(kPagesMax);
  if (!db_.execute(settings.c_str())) return fail("set up");
  auto version = db_.ask("PRAGMA user_version");
  if (!version) return version.error();
  if (*version != kSchemaVersion && *version != "0") return error("history.db: has format " + *version);
  if (!db_.execute("BEGIN IMMEDIATE")) return fail("make the tables");
  if (*version == "0" && !db_.execute(kSchema)) return fail("make the tables");
  if (auto done = add_columns(columns); !done) return done;
  if (!db_.execute("COMMIT")) return fail("make the tables");
  return {};
}

Result<void> HistoryTables::add_columns(std::span<const HistoryColumn> columns) {
  std::set<std::string, std::less<>> present;
  auto names = db_.prepare("SELECT name FROM pragma_table_info('step')");
  if (!names) return names.error();
  while (names->step() == Stepped::row) present.emplace(names->text(0));
  names->reset();
  for (const HistoryColumn& column : columns) {
    if (present.contains(column.path)) continue;
    const std::string sql = "ALTER TABLE step ADD COLUMN " + quoted(column.path) + " INTEGER";
    if (!db_.execute(sql.c_str())) return fail("add a column");
  }
  return {};
}

Result<void> HistoryTables::prepare(std::span<const HistoryColumn> columns) {
  std::string names, places;
  int place = 3;
  for (const HistoryColumn& column : columns) {
    names += ", " + quoted(column.path);
    places += ", ?" + std::to_string(++place);
  }
  const std::string put_step =
      filled("INSERT OR REPLACE INTO step(tier, at, covered{names}) VALUES(?1, ?2, ?3{places})", names, places);
  const std::string between =
      filled("SELECT at, covered{names} FROM step WHERE tier = ?1 AND at >= ?2 AND at < ?3", names, places);
  const struct {
    sqlite::Statement& statement;
    std::string_view sql;
  } wanted[] = {
      {put_step_, put_step},
      {steps_between_, between},
      {put_level_, "INSERT OR REPLACE INTO level(tier, subject, at, a, b, c) VALUES(?1, ?2, ?3, ?4, ?5, ?6)"},
      {level_before_,
       "SELECT at, a, b, c FROM level WHERE tier = ?1 AND subject = ?2 AND at < ?3 ORDER BY at DESC LIMIT 1"},
      {levels_between_,
       "SELECT at, a, b, c FROM level WHERE tier = ?1 AND subject = ?2 AND at >= ?3 AND at < ?4 ORDER BY at"},
      {level_changes_,
       "SELECT s.name, (SELECT count(*) FROM level l WHERE l.tier = ?1 AND l.subject = s.id AND l.at >= ?2"
       " AND l.at < ?3) AS changes FROM subject s WHERE s.kind = 0 AND (changes > 0 OR (SELECT l.a FROM level l"
       " WHERE l.tier = ?1 AND l.subject = s.id AND l.at < ?2 ORDER BY l.at DESC LIMIT 1) IS NOT NULL)"
       " ORDER BY changes DESC, s.name LIMIT ?4"},
      {put_subject_, "INSERT INTO subject(kind, name) VALUES(?1, ?2)"},
      {put_finished_,
       "INSERT INTO finished(at, order_id, step, result, attempts, took_us, detail) VALUES(?1, ?2, ?3, ?4, ?5, ?6, "
       "?7)"},
      {forget_steps_, "DELETE FROM step WHERE tier = ?1 AND at < ?2"},
      {level_horizon_, "SELECT max(at) FROM level WHERE tier = ?1 AND subject = ?2 AND at <= ?3"},
      {level_excess_, "SELECT at FROM level WHERE tier = ?1 AND subject = ?2 ORDER BY at DESC LIMIT 1 OFFSET ?3"},
      {forget_levels_, "DELETE FROM level WHERE tier = ?1 AND subject = ?2 AND at < ?3"},
      {forget_finished_,
       "DELETE FROM finished WHERE result = ?1 AND id <="
       " (SELECT id FROM finished WHERE result = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)"},
  };
  for (const auto& [statement, sql] : wanted) {
    auto prepared = db_.prepare(sql);
    if (!prepared) return prepared.error();
    statement = std::move(*prepared);
  }
  return {};
}

Result<void> HistoryTables::load_subjects() {
  subjects_.clear();
  auto rows = db_.prepare("SELECT id, kind, name FROM subject");
  if (!rows) return rows.error();
  auto step = rows->step();
  for (; step == Stepped::row; step = rows->step())
    subjects_[{static_cast<HistoryLevel::Kind>(rows->integer(1)), std::string(rows->text(2))}] = rows->integer(0);
  if (step == Stepped::failed) return fail("read the subjects");
  return {};
}

// --- writing

Result<void> HistoryTables::put(const HistoryBatch& batch) {
  if (!db_.execute("BEGIN IMMEDIATE")) return fail("begin");
  auto done = put_all(batch);
  if (done && db_.execute("COMMIT")) return {};
  const Error why = done ? fail("commit") : done.error();
  if (db_.in_transaction()) static_cast<void>(db_.execute("ROLLBACK"));
  if (auto loaded = load_subjects(); !loaded) broken_ = true;  // those of this transaction are gone
  return why;
}

Result<void> HistoryTables::put_all(const HistoryBatch& batch) {
  for (const HistoryRow& row : batch.rows)
    if (auto done = put_row(row); !done) return done;
  for (const HistoryLevel& level : batch.levels) {
    const auto subject = subject_of({level.kind, level.name});
    if (!subject) return subject.error();
    put_level_.bind(1, static_cast<std::int64_t>(level.tier)).bind(2, *subject).bind(3, level.at);
    for (int i = 0; i < 3; ++i) bind_value(put_level_, 4 + i, level.values[static_cast<std::size_t>(i)]);
    if (!put_level_.run()) return fail("put a level");
  }
  for (const FinishedStep& step : batch.steps) {
    const std::string id = to_string(step.order);
    put_finished_.bind(1, step.at.ms)
        .bind(2, std::as_bytes(std::span(id)))
        .bind(3, static_cast<std::int64_t>(step.step))
        .bind(4, static_cast<std::int64_t>(step.result))
        .bind(5, static_cast<std::int64_t>(step.attempts))
        .bind(6, std::chrono::duration_cast<std::chrono::microseconds>(step.took).count())
        .bind(7, std::string_view(step.detail));
    if (!put_finished_.run()) return fail("put a finished step");
  }
  finished_since_ += static_cast<std::int64_t>(batch.steps.size());
  return forget_some(batch.now);
}

Result<void> HistoryTables::put_row(const HistoryRow& row) {
  SCALEMART_CHECK(row.values.size() == columns_ && row.tier < kHistoryTiers.size());
  put_step_.bind(1, static_cast<std::int64_t>(row.tier)).bind(2, row.at).bind(3, row.covered);
  for (std::size_t i = 0; i < columns_; ++i) bind_value(put_step_, static_cast<int>(i) + 4, row.values[i]);
  if (!put_step_.run()) return fail("put a step");
  return {};
}

Result<std::int64_t> HistoryTables::subject_of(const Subject& subject) {
  if (const auto found = subjects_.find(subject); found != subjects_.end()) return found->second;
  put_subject_.bind(1, static_cast<std::int64_t>(subject.first)).bind(2, std::string_view(subject.second));
  if (!put_subject_.run()) return fail("put a subject");
  return subjects_[subject] = sqlite3_last_insert_rowid(db_.raw());
}

Result<void> HistoryTables::forget_some(std::int64_t now) {
  for (std::size_t tier = 0; tier < kHistoryTiers.size(); ++tier) {
    forget_steps_.bind(1, static_cast<std::int64_t>(tier)).bind(2, now - kHistoryTiers[tier].kept);
    if (!forget_steps_.run()) return fail("forget steps");
  }
  const std::size_t pairs = subjects_.size() * kHistoryTiers.size();
  const auto each =
      std::max(kLevelsEachMin, kLevelsMax / static_cast<std::int64_t>(std::max<std::size_t>(1, subjects_.size())));
  for (std::size_t n = 0; n < std::min(pairs, kForgetSubjects); ++n, ++forget_next_) {
    const std::size_t tier = forget_next_ % kHistoryTiers.size();
    const auto subject = std::next(subjects_.begin(),
                                   static_cast<std::ptrdiff_t>(forget_next_ / kHistoryTiers.size() % subjects_.size()));
    // The last level at the horizon still holds behind it.
    std::int64_t first = 0;
    level_horizon_.bind(1, static_cast<std::int64_t>(tier))
        .bind(2, subject->second)
        .bind(3, now - kHistoryTiers[tier].kept);
    if (level_horizon_.step() == Stepped::row) first = level_horizon_.integer(0);
    level_horizon_.reset();
    level_excess_.bind(1, static_cast<std::int64_t>(tier)).bind(2, subject->second).bind(3, each - 1);
    if (level_excess_.step() == Stepped::row) first = std::max(first, level_excess_.integer(0));
    level_excess_.reset();
    forget_levels_.bind(1, static_cast<std::int64_t>(tier)).bind(2, subject->second).bind(3, first);
    if (!forget_levels_.run()) return fail("forget levels");
  }
  if (finished_since_ < kForgetFinishedEvery) return {};
  finished_since_ = 0;
  for (std::int64_t result = 0; result < kStepResultCount; ++result) {
    forget_finished_.bind(1, result).bind(2, kFinishedMax);
    if (!forget_finished_.run()) return fail("forget finished steps");
  }
  return {};
}

}  // namespace scalemart
