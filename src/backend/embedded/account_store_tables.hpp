#pragma once
// The SQL behind the embedded account store, one function per request.

#include <cstdint>
#include <deque>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "backend/embedded/sqlite.hpp"
#include "base/result.hpp"
#include "port/account_store.hpp"

namespace scalemart {

/// Thrown by AccountTables when SQLite fails; stays inside the embedded account store.
struct StorageFault {
  bool no_space = false;
  std::string detail;
};

/// Purpose: reads and changes accounts.db; the caller holds the transaction.
/// Concurrency: one thread. Errors: StorageFault; after one, roll_back().
/// Every change makes its checks before its first write, so that a refusal leaves nothing behind.
class AccountTables {
 public:
  [[nodiscard]] static Result<std::unique_ptr<AccountTables>> open(const std::filesystem::path& file,
                                                                   std::uint64_t pages_max);

  void begin();
  void commit();
  void roll_back();
  /// Writes the WAL back once it is longer than `checkpoint_bytes`.
  void tidy(std::uint64_t checkpoint_bytes);

  StoreOutcome create(const Account& account, const RefreshFamily* first, const AuditEntry& audit);
  std::optional<Account> find(UserId id);
  std::optional<Account> find_by_email(std::string_view email);
  std::vector<Account> list(UserId after, std::size_t limit);
  /// Outside a transaction.
  [[nodiscard]] Result<void> copy_to(const std::filesystem::path& file);
  StoreOutcome rehash(UserId id, std::string_view expected, std::string_view hash);
  EpochChange change_password(const PasswordChange& change, const AuditEntry& audit);
  EpochChange revoke_all(UserId id, WallTime now, const AuditEntry& audit);
  EpochChange set_disabled(UserId id, bool disabled, WallTime now, const AuditEntry& audit);
  EpochChange set_role(UserId id, Role role, WallTime now, const AuditEntry& audit);
  StoreOutcome seed(const SeedRequest& request);

  StoreOutcome open_family(const RefreshFamily& family, std::uint32_t epoch, const AuditEntry& audit);
  Rotation rotate(const RotateRequest& request, const AuditEntry& reuse);
  StoreOutcome revoke_family(FamilyId id, WallTime now, const AuditEntry& audit);
  AuthState load(WallTime since);
  StoreOutcome prune(WallTime before);

  void append_audit(const AuditEntry& entry);
  AuditPage audit_page(const AuditSearch& search);
  AuditCheck check_audit();
  StoreOutcome put_setting(const Setting& setting, const AuditEntry& audit);
  std::vector<Setting> settings();

 private:
  struct AuditHead {
    std::uint64_t sequence = 0;
    Digest256 hash{};
  };

  explicit AccountTables(sqlite::Connection db) : db_(std::move(db)) {}
  [[nodiscard]] Result<void> set_up(const std::filesystem::path& file, std::uint64_t pages_max);
  /// A prepared statement, kept for the next time. `sql` is a literal: its address is its name.
  sqlite::Statement& statement(const char* sql);
  void run(sqlite::Statement& statement);
  bool next(sqlite::Statement& statement);
  [[noreturn]] void fail();
  static Account account_of(const sqlite::Statement& row);
  std::optional<Account> read_account(sqlite::Statement& found);
  void name_accounts(std::vector<AuditRow>& rows);
  EpochChange new_epoch(Account account, WallTime now, const AuditEntry& audit);
  void insert_account(const Account& account);
  void insert_family(const RefreshFamily& family);
  void revoke_families_of(UserId user, FamilyId keep, WallTime now);
  void remember_revoked(FamilyId id, WallTime now);
  static int committed(void* self, sqlite3* db, const char* name, int frames);

  sqlite::Connection db_;
  struct Prepared {
    const char* sql;
    sqlite::Statement statement;
  };
  std::deque<Prepared> prepared_;  ///< A deque: references stay good.
  AuditHead audit_head_;
  AuditHead audit_head_before_;  ///< At begin().
  std::uint64_t wal_bytes_ = 0;
};

}  // namespace scalemart
