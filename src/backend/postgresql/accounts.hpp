#pragma once
// Accounts in PostgreSQL, for any number of gateways.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "backend/postgresql/pool.hpp"
#include "backend/postgresql/schema.hpp"
#include "backend/postgresql/server_check.hpp"
#include "backend/shared/blocking_accounts.hpp"
#include "base/random.hpp"

namespace scalemart::pg {

/// The tables of accounts (accounts.sql).
[[nodiscard]] Part accounts_part();

/// Purpose: BlockingAccounts in PostgreSQL 14 or later.
/// Operation: a request is one call of a function in the database: one transaction, one round trip, atomic for all
/// gateways. The audit entry is written in the same transaction and linked to the chain a moment later (tidy(), and
/// before every read of the trail), so that writers do not wait for each other's commits; the chain has one order, for
/// its last row is locked by whoever links. Changes are found by the transactions that made them, so that nothing is
/// missed whatever the gateways' clocks say.
/// A database that is away, or a standby that is being promoted, is waited for until the request's time is over.
/// Concurrency, errors: as BlockingAccounts. Texts: what PostgreSQL cannot store (no UTF-8, NUL) becomes '?'.
class PostgresAccounts final : public BlockingAccounts {
 public:
  struct Options {
    Connection::Options connection;
    std::size_t connections = 6;  ///< At most; as many as lanes, and two for the watch and long work.
    ServerDemands demands;
    bool create = true;  ///< Make and upgrade the tables, as their owner. Otherwise they must be there.
  };
  /// `random` names requests; nobody else uses it. Connects once, prepares or checks schema and server. An error is one
  /// line and says what to do.
  [[nodiscard]] static Result<std::unique_ptr<PostgresAccounts>> open(Options options, const Clock& clock,
                                                                      Random& random);

  StoreOutcome create(const Account& account, const std::optional<RefreshFamily>& first, const AuditEntry& audit,
                      SteadyTime until) override;
  Result<std::optional<Account>> find(UserId id, SteadyTime until) override;
  Result<std::optional<Account>> find_by_email(const std::string& email, SteadyTime until) override;
  Result<std::vector<Account>> list(UserId after, std::size_t limit, SteadyTime until) override;
  StoreOutcome rehash(UserId id, const std::string& expected, const std::string& hash, SteadyTime until) override;
  EpochChange change_password(const PasswordChange& change, const AuditEntry& audit, SteadyTime until) override;
  EpochChange revoke_all(UserId id, WallTime now, const AuditEntry& audit, SteadyTime until) override;
  EpochChange set_disabled(UserId id, bool disabled, WallTime now, const AuditEntry& audit, SteadyTime until) override;
  EpochChange set_role(UserId id, Role role, WallTime now, const AuditEntry& audit, SteadyTime until) override;
  StoreOutcome seed(const SeedRequest& request, SteadyTime until) override;
  StoreOutcome open_family(const RefreshFamily& family, std::uint32_t epoch, const AuditEntry& audit,
                           SteadyTime until) override;
  Rotation rotate(const RotateRequest& request, const AuditEntry& reuse, SteadyTime until) override;
  StoreOutcome revoke_family(FamilyId id, WallTime now, const AuditEntry& audit, SteadyTime until) override;
  Result<AuthState> load(WallTime since, SteadyTime until) override;
  StoreOutcome prune(WallTime before, SteadyTime until) override;
  StoreOutcome append_audit(const AuditEntry& entry, SteadyTime until) override;
  Result<AuditPage> audit_page(const AuditSearch& search, SteadyTime until) override;
  Result<AuditCheck> check_audit(SteadyTime until) override;
  StoreOutcome put_setting(const Setting& setting, const AuditEntry& audit, SteadyTime until) override;
  Result<std::vector<Setting>> settings(SteadyTime until) override;
  Result<std::int64_t> now_cursor(SteadyTime until) override;
  Result<ChangePage> changes(std::int64_t since, SteadyTime until) override;
  Result<void> tidy(SteadyTime until) override;
  void stop() override;

  /// For a gauge of the breaker; any thread.
  [[nodiscard]] bool is_cut_off() const { return pool_.is_cut_off(); }

 private:
  using RequestId = Ulid<struct RequestTag>;
  /// What to do when nobody knows whether it happened.
  enum class Lost : std::uint8_t {
    give_up,
    try_again,  ///< The same call again does no harm.
  };
  /// What an account's change changes; nullopt: not this.
  struct Change {
    UserId user{};
    WallTime now{};
    std::optional<std::string> expected{}, password{};
    std::optional<bool> disabled{};
    std::optional<Role> role{};
    bool end_logins = false;
    FamilyId keep{};
  };

  PostgresAccounts(Options options, const Clock& clock, Random& random);
  [[nodiscard]] Reply<std::vector<Rows>> call(std::span<const Call> calls, Lost lost, SteadyTime until);
  [[nodiscard]] Reply<Rows> call(const Statement& statement, const Parameters& parameters, Lost lost, SteadyTime until);
  [[nodiscard]] StoreOutcome change(const Statement& statement, const Parameters& parameters, Lost lost,
                                    SteadyTime until);
  [[nodiscard]] EpochChange change_account(const Change& change, const AuditEntry& audit, SteadyTime until);
  /// The last row of the chain, after everything that waited was linked.
  [[nodiscard]] Result<std::int64_t> audit_head(SteadyTime until);
  [[nodiscard]] Result<void> name_accounts(std::vector<AuditRow>& rows, SteadyTime until);
  [[nodiscard]] RequestId fresh_request();
  [[nodiscard]] bool pause();

  const Clock& clock_;
  Pool pool_;
  std::mutex random_mutex_;
  Random& random_;  ///< Guarded by random_mutex_.
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;  ///< Guarded by mutex_.
};

}  // namespace scalemart::pg
