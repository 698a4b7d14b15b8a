#pragma once
// An account store that blocks: what AccountLanes makes a port/account_store.hpp of.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "port/account_changes.hpp"
#include "port/account_store.hpp"

namespace scalemart {

/// Purpose: the requests of AccountStore, one call each, for a database that is asked over the network and that other
/// processes use as well.
/// Concurrency: any thread; a call blocks up to `until` and a little more.
/// Errors: `unavailable` when nobody knows what became of a change, or nothing did; an error where nothing could be
/// read. A call that is the same again after its answer was lost is not a second one where that matters: rotate(),
/// create() and open_family().
class BlockingAccounts {
 public:
  /// What was changed by others and by us since a cursor, and where to go on.
  struct ChangePage {
    AccountChanges changes;
    std::int64_t next = 0;
  };

  virtual ~BlockingAccounts() = default;

  virtual StoreOutcome create(const Account& account, const std::optional<RefreshFamily>& first,
                              const AuditEntry& audit, SteadyTime until) = 0;
  virtual Result<std::optional<Account>> find(UserId id, SteadyTime until) = 0;
  virtual Result<std::optional<Account>> find_by_email(const std::string& email, SteadyTime until) = 0;
  virtual Result<std::vector<Account>> list(UserId after, std::size_t limit, SteadyTime until) = 0;
  virtual StoreOutcome rehash(UserId id, const std::string& expected, const std::string& hash, SteadyTime until) = 0;
  virtual EpochChange change_password(const PasswordChange& change, const AuditEntry& audit, SteadyTime until) = 0;
  virtual EpochChange revoke_all(UserId id, WallTime now, const AuditEntry& audit, SteadyTime until) = 0;
  virtual EpochChange set_disabled(UserId id, bool disabled, WallTime now, const AuditEntry& audit,
                                   SteadyTime until) = 0;
  virtual EpochChange set_role(UserId id, Role role, WallTime now, const AuditEntry& audit, SteadyTime until) = 0;
  virtual StoreOutcome seed(const SeedRequest& request, SteadyTime until) = 0;

  virtual StoreOutcome open_family(const RefreshFamily& family, std::uint32_t epoch, const AuditEntry& audit,
                                   SteadyTime until) = 0;
  virtual Rotation rotate(const RotateRequest& request, const AuditEntry& reuse, SteadyTime until) = 0;
  virtual StoreOutcome revoke_family(FamilyId id, WallTime now, const AuditEntry& audit, SteadyTime until) = 0;
  virtual Result<AuthState> load(WallTime since, SteadyTime until) = 0;
  virtual StoreOutcome prune(WallTime before, SteadyTime until) = 0;

  virtual StoreOutcome append_audit(const AuditEntry& entry, SteadyTime until) = 0;
  virtual Result<AuditPage> audit_page(const AuditSearch& search, SteadyTime until) = 0;
  virtual Result<AuditCheck> check_audit(SteadyTime until) = 0;

  virtual StoreOutcome put_setting(const Setting& setting, const AuditEntry& audit, SteadyTime until) = 0;
  virtual Result<std::vector<Setting>> settings(SteadyTime until) = 0;

  // --- for the watch --------------------------------------------------------------------------------------
  /// A cursor that lies before everything that is yet to be changed.
  virtual Result<std::int64_t> now_cursor(SteadyTime until) = 0;
  /// Everything that became visible since the cursor was given; some of it perhaps again.
  virtual Result<ChangePage> changes(std::int64_t since, SteadyTime until) = 0;
  /// Finishes what a request may leave for later. Called a few times a second by every process.
  virtual Result<void> tidy(SteadyTime until) = 0;
  /// From now on a call does not wait for a database that is away.
  virtual void stop() = 0;
};

}  // namespace scalemart
