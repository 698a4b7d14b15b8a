#include "backend/embedded/account_store_tables.hpp"

#include <sqlite3.h>

#include "backend/embedded/account_store_blobs.hpp"
#include "backend/embedded/durable_file.hpp"
#include "base/check.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kPageBytes = 4096;

constexpr const char* kSchema =
    "CREATE TABLE users("
    " id BLOB PRIMARY KEY, email TEXT NOT NULL COLLATE NOCASE UNIQUE, name TEXT NOT NULL, role INTEGER NOT "
    "NULL,"
    " password TEXT NOT NULL, disabled INTEGER NOT NULL, epoch INTEGER NOT NULL, epoch_at INTEGER,"
    " created INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX users_epoch_at ON users(epoch_at) WHERE epoch_at IS NOT NULL;"
    "CREATE INDEX users_admin ON users(role) WHERE role <> 0;"
    "CREATE TABLE families("
    " id BLOB PRIMARY KEY, user BLOB NOT NULL, secret BLOB NOT NULL, token BLOB NOT NULL, created INTEGER "
    "NOT NULL,"
    " expires INTEGER NOT NULL, revoked INTEGER, generation INTEGER NOT NULL, rotated INTEGER) STRICT, WITHOUT ROWID;"
    "CREATE INDEX families_user ON families(user, created);"
    "CREATE INDEX families_expires ON families(expires);"
    "CREATE TABLE revoked(family BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX revoked_at ON revoked(at);"
    "CREATE TABLE audit("
    " sequence INTEGER PRIMARY KEY, who TEXT NOT NULL, what TEXT NOT NULL, target TEXT NOT NULL, at INTEGER "
    "NOT NULL,"
    " origin TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, hash BLOB NOT NULL) STRICT;"
    "CREATE TABLE settings(key TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "PRAGMA application_id=0x53634163;"  // "ScAc"
    "PRAGMA user_version=1;";
constexpr std::string_view kVersion = "1";

}  // namespace

// --- connection ------------------------------------------------------------------------------------------

Result<std::unique_ptr<AccountTables>> AccountTables::open(const std::filesystem::path& file, std::uint64_t pages_max) {
  auto db = sqlite::Connection::open(file);
  if (!db) return db.error();
  std::unique_ptr<AccountTables> tables(new AccountTables(std::move(*db)));
  if (auto done = tables->set_up(file, pages_max); !done) return done.error();
  return tables;
}

Result<void> AccountTables::set_up(const std::filesystem::path& file, std::uint64_t pages_max) {
  const std::string page_size = "PRAGMA page_size=" + std::to_string(kPageBytes);
  // Exclusive before the first read: then no other process gets in.
  if (!db_.execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
                   "PRAGMA temp_store=MEMORY; PRAGMA secure_delete=FAST") ||
      !db_.execute(page_size.c_str()))
    return db_.failure("set up");
  auto mode = db_.ask("PRAGMA journal_mode=WAL");
  if (!mode) return mode.error();
  if (*mode != "wal") return error(file.string() + ": journal_mode is " + *mode + ", not wal");
  if (!db_.execute("PRAGMA wal_autocheckpoint=0; PRAGMA synchronous=FULL")) return db_.failure("set up");
  auto version = db_.ask("PRAGMA user_version");
  if (!version) return version.error();
  if (*version != "0" && *version != kVersion)
    return error(file.string() + ": has format " + *version + ", this program knows " + std::string(kVersion));
  if (*version == "0") {
    const std::string schema = "BEGIN IMMEDIATE;" + std::string(kSchema) + "COMMIT;";
    if (!db_.execute(schema.c_str())) return db_.failure("make the tables");
  }
  // Came later, by addition: an older program works with it and leaves it empty.
  auto has_rotated = db_.ask("SELECT count(*) FROM pragma_table_info('families') WHERE name = 'rotated'");
  if (!has_rotated) return has_rotated.error();
  if (*has_rotated == "0" && !db_.execute("ALTER TABLE families ADD COLUMN rotated INTEGER"))
    return db_.failure("add a column");
  if (pages_max > 0) {
    const std::string limit = "PRAGMA max_page_count=" + std::to_string(pages_max);
    if (!db_.execute(limit.c_str())) return db_.failure("set up");
  }
  auto& last = statement("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1");
  if (next(last)) audit_head_ = {static_cast<std::uint64_t>(last.integer(0)), digest_from(last.blob(1))};
  last.reset();
  sqlite3_wal_hook(db_.raw(), &AccountTables::committed, this);
  // SQLite ignores a failure to sync the WAL's folder entry.
  return sync_folder(file.parent_path());
}

int AccountTables::committed(void* self, sqlite3*, const char*, int frames) {
  static_cast<AccountTables*>(self)->wal_bytes_ = static_cast<std::uint64_t>(frames) * kPageBytes;
  return SQLITE_OK;
}

void AccountTables::fail() {
  throw StorageFault{(db_.code() & 0xff) == SQLITE_FULL, db_.failure("accounts").message};
}

sqlite::Statement& AccountTables::statement(const char* sql) {
  for (Prepared& each : prepared_)
    if (each.sql == sql) return each.statement;
  auto fresh = db_.prepare(sql);
  if (!fresh) fail();
  return prepared_.emplace_back(Prepared{sql, std::move(*fresh)}).statement;
}

void AccountTables::run(sqlite::Statement& s) {
  if (!s.run()) fail();
}

bool AccountTables::next(sqlite::Statement& s) {
  const auto stepped = s.step();
  if (stepped == sqlite::Statement::Step::failed) {
    s.reset();
    fail();
  }
  return stepped == sqlite::Statement::Step::row;
}

void AccountTables::begin() {
  audit_head_before_ = audit_head_;
  run(statement("BEGIN IMMEDIATE"));
}

void AccountTables::commit() {
  run(statement("COMMIT"));
}

void AccountTables::roll_back() {
  for (Prepared& each : prepared_) each.statement.reset();
  if (db_.in_transaction()) run(statement("ROLLBACK"));
  audit_head_ = audit_head_before_;
}

void AccountTables::tidy(std::uint64_t checkpoint_bytes) {
  if (wal_bytes_ < checkpoint_bytes) return;
  const int rc = sqlite3_wal_checkpoint_v2(db_.raw(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  // A full disk loses nothing: the WAL has it all, and it is tried again after as many bytes more.
  if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_FULL) fail();
  wal_bytes_ = 0;
}

// --- accounts --------------------------------------------------------------------------------------------

Account AccountTables::account_of(const sqlite::Statement& row) {
  Account account;
  account.id = read_id<UserId>(row.blob(0));
  account.email = row.text(1);
  account.name = row.text(2);
  account.role = row.integer(3) == 0 ? Role::buyer : Role::admin;
  account.password_hash = row.text(4);
  account.disabled = row.integer(5) != 0;
  account.epoch = static_cast<std::uint32_t>(row.integer(6));
  account.created = {row.integer(7)};
  return account;
}

std::optional<Account> AccountTables::read_account(sqlite::Statement& found) {
  std::optional<Account> account;
  if (next(found)) account = account_of(found);
  found.reset();
  return account;
}

std::vector<Account> AccountTables::list(UserId after, std::size_t limit) {
  const IdBytes bytes(after);
  auto& rows = statement(
      "SELECT id, email, name, role, password, disabled, epoch, created FROM users WHERE id > ?1 ORDER BY id "
      "LIMIT ?2");
  rows.bind(1, bytes).bind(2, static_cast<std::int64_t>(limit));
  std::vector<Account> accounts;
  while (next(rows)) accounts.push_back(account_of(rows));
  rows.reset();
  return accounts;
}

Result<void> AccountTables::copy_to(const std::filesystem::path& file) {
  auto copy = db_.prepare("VACUUM INTO ?1");
  if (!copy) return copy.error();
  const std::string name = file.string();
  copy->bind(1, std::string_view(name));
  if (!copy->run()) return db_.failure("copy to " + name);
  return {};
}

std::optional<Account> AccountTables::find(UserId id) {
  const IdBytes bytes(id);
  auto& found = statement("SELECT id, email, name, role, password, disabled, epoch, created FROM users WHERE id = ?1");
  found.bind(1, bytes);
  return read_account(found);
}

std::optional<Account> AccountTables::find_by_email(std::string_view email) {
  auto& found =
      statement("SELECT id, email, name, role, password, disabled, epoch, created FROM users WHERE email = ?1");
  found.bind(1, email);
  return read_account(found);
}

void AccountTables::insert_account(const Account& account) {
  const IdBytes id(account.id);
  run(statement("INSERT INTO users(id, email, name, role, password, disabled, epoch, created)"
                " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
          .bind(1, id)
          .bind(2, std::string_view(account.email))
          .bind(3, std::string_view(account.name))
          .bind(4, static_cast<std::int64_t>(account.role))
          .bind(5, std::string_view(account.password_hash))
          .bind(6, std::int64_t{account.disabled})
          .bind(7, std::int64_t{account.epoch})
          .bind(8, account.created.ms));
}

StoreOutcome AccountTables::create(const Account& account, const RefreshFamily* first, const AuditEntry& audit) {
  if (find_by_email(account.email)) return StoreOutcome::email_taken;
  insert_account(account);
  if (first != nullptr) insert_family(*first);
  append_audit(audit);
  return StoreOutcome::done;
}

StoreOutcome AccountTables::rehash(UserId id, std::string_view expected, std::string_view hash) {
  const IdBytes bytes(id);
  run(statement("UPDATE users SET password = ?1 WHERE id = ?2 AND password = ?3")
          .bind(1, hash)
          .bind(2, bytes)
          .bind(3, expected));
  return sqlite3_changes64(db_.raw()) == 1 ? StoreOutcome::done : StoreOutcome::stale;
}

/// Stores the account's changeable fields under the next epoch.
EpochChange AccountTables::new_epoch(Account account, WallTime now, const AuditEntry& audit) {
  const IdBytes id(account.id);
  ++account.epoch;
  run(statement("UPDATE users SET role = ?1, password = ?2, disabled = ?3, epoch = ?4, epoch_at = ?5 WHERE id = ?6")
          .bind(1, static_cast<std::int64_t>(account.role))
          .bind(2, std::string_view(account.password_hash))
          .bind(3, std::int64_t{account.disabled})
          .bind(4, std::int64_t{account.epoch})
          .bind(5, now.ms)
          .bind(6, id));
  append_audit(audit);
  return {StoreOutcome::done, std::move(account)};
}

EpochChange AccountTables::change_password(const PasswordChange& change, const AuditEntry& audit) {
  auto account = find(change.user);
  if (!account || account->disabled) return {StoreOutcome::not_found, {}};
  if (account->password_hash != change.expected_hash) return {StoreOutcome::stale, {}};
  account->password_hash = change.new_hash;
  revoke_families_of(change.user, change.keep, change.now);
  return new_epoch(std::move(*account), change.now, audit);
}

EpochChange AccountTables::revoke_all(UserId id, WallTime now, const AuditEntry& audit) {
  auto account = find(id);
  if (!account) return {StoreOutcome::not_found, {}};
  revoke_families_of(id, {}, now);
  return new_epoch(std::move(*account), now, audit);
}

EpochChange AccountTables::set_disabled(UserId id, bool disabled, WallTime now, const AuditEntry& audit) {
  auto account = find(id);
  if (!account) return {StoreOutcome::not_found, {}};
  account->disabled = disabled;
  if (disabled) revoke_families_of(id, {}, now);
  return new_epoch(std::move(*account), now, audit);
}

EpochChange AccountTables::set_role(UserId id, Role role, WallTime now, const AuditEntry& audit) {
  auto account = find(id);
  if (!account) return {StoreOutcome::not_found, {}};
  account->role = role;
  return new_epoch(std::move(*account), now, audit);
}

StoreOutcome AccountTables::seed(const SeedRequest& request) {
  SCALEMART_CHECK(request.count >= 1 && request.count <= kSeedMax);
  Account account;
  account.created = request.now;
  for (std::uint32_t i = 0; i < request.count; ++i) {
    account.id = {request.first.hi, request.first.lo + i};
    const std::string text = to_string(account.id);
    account.email = text + "@load.invalid";
    account.name = "Load buyer " + text.substr(18);
    insert_account(account);
  }
  return StoreOutcome::done;
}

// --- settings --------------------------------------------------------------------------------------------

StoreOutcome AccountTables::put_setting(const Setting& setting, const AuditEntry& audit) {
  run(statement("INSERT INTO settings(key, json) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET json = ?2")
          .bind(1, std::string_view(setting.key))
          .bind(2, std::string_view(setting.json)));
  append_audit(audit);
  return StoreOutcome::done;
}

std::vector<Setting> AccountTables::settings() {
  std::vector<Setting> all;
  auto& rows = statement("SELECT key, json FROM settings ORDER BY key");
  while (next(rows)) all.push_back({std::string(rows.text(0)), std::string(rows.text(1))});
  rows.reset();
  return all;
}

}  // namespace scalemart
