#include "backend/embedded/sqlite.hpp"

#include <sqlite3.h>

namespace scalemart::sqlite {
namespace {

/// STRICT tables came with 3.37.
constexpr int kOldest = 3'037'000;

Statement::Step outcome_of(int rc) noexcept {
  if (rc == SQLITE_ROW) return Statement::Step::row;
  return rc == SQLITE_DONE ? Statement::Step::done : Statement::Step::failed;
}

/// Source: https://sqlite.org/uri.html
std::string immutable_uri(const std::filesystem::path& file) {
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(file).string()) {
    if (c == '%')
      uri += "%25";
    else if (c == '?')
      uri += "%3f";
    else if (c == '#')
      uri += "%23";
    else
      uri += c;
  }
  return uri + "?immutable=1";
}

}  // namespace

Result<void> check_library() {
  if (sqlite3_libversion_number() < kOldest)
    return error(std::string("SQLite ") + sqlite3_libversion() + " is too old: 3.37 or later is needed");
  if (sqlite3_threadsafe() == 0)
    return error("SQLite was compiled with THREADSAFE=0: it cannot be used by more than one thread");
  if (sqlite3_compileoption_used("OMIT_WAL") != 0) return error("SQLite was compiled without WAL");
  return {};
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
  sqlite3_finalize(statement);
}
void Connection::Close::operator()(sqlite3* db) const noexcept {
  sqlite3_close(db);
}

Statement& Statement::bind(int index, std::int64_t value) noexcept {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) noexcept {
  // A null pointer would bind NULL.
  sqlite3_bind_text64(statement_.get(), index, text.data() ? text.data() : "", text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind(int index, std::span<const std::byte> blob) noexcept {
  sqlite3_bind_blob64(statement_.get(), index, blob.data() ? static_cast<const void*>(blob.data()) : "", blob.size(),
                      SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind_null(int index) noexcept {
  sqlite3_bind_null(statement_.get(), index);
  return *this;
}

Statement::Step Statement::step() noexcept {
  return outcome_of(sqlite3_step(statement_.get()));
}

void Statement::reset() noexcept {
  sqlite3_reset(statement_.get());
}

bool Statement::run() noexcept {
  const Step stepped = step();
  reset();
  return stepped != Step::failed;
}

std::int64_t Statement::integer(int column) const noexcept {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const noexcept {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::span<const std::byte> Statement::blob(int column) const noexcept {
  const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(statement_.get(), column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool Statement::is_null(int column) const noexcept {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

Result<Connection> Connection::open_as(const std::filesystem::path& file, const char* name, int flags) {
  if (auto usable = check_library(); !usable) return usable.error();
  Connection connection;
  connection.file_ = file.string();
  sqlite3* db = nullptr;
  const int rc = sqlite3_open_v2(name, &db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  connection.db_.reset(db);
  if (rc != SQLITE_OK) return connection.failure("open");
  return connection;
}

Result<Connection> Connection::open(const std::filesystem::path& file) {
  return open_as(file, file.c_str(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
}

Result<Connection> Connection::open_to_look(const std::filesystem::path& file) {
  std::error_code absent;
  std::filesystem::path wal = file;
  wal += "-wal";
  const auto left = std::filesystem::file_size(wal, absent);
  // Without a WAL nothing need be recovered. A plain read-only connection would make a -shm file.
  if (absent || left == 0) return open_as(file, immutable_uri(file).c_str(), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
  // Recovered in our own memory (exclusive), never written back, and left in place.
  auto db = open_as(file, file.c_str(), SQLITE_OPEN_READWRITE);
  if (!db) return db;
  if (!db->execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA query_only=ON; PRAGMA wal_autocheckpoint=0") ||
      sqlite3_db_config(db->raw(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr) != SQLITE_OK)
    return db->failure("set up");
  return db;
}

bool Connection::execute(const char* sql) noexcept {
  return sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

Result<Statement> Connection::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int rc =
      sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (rc != SQLITE_OK) return failure("prepare");
  Statement statement;
  statement.statement_.reset(raw);
  return statement;
}

Result<std::string> Connection::ask(const char* sql) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  if (statement->step() != Statement::Step::row) return failure(sql);
  return std::string(statement->text(0));
}

int Connection::code() const noexcept {
  return sqlite3_extended_errcode(db_.get());
}

Error Connection::failure(std::string_view doing) const {
  std::string message = file_ + ": " + std::string(doing) + ": ";
  if (!db_) return error(message + "out of memory");
  message += sqlite3_errmsg(db_.get());
  message += " (" + std::to_string(code()) + ")";
  return error(std::move(message));
}

bool Connection::in_transaction() const noexcept {
  return sqlite3_get_autocommit(db_.get()) == 0;
}

}  // namespace scalemart::sqlite
