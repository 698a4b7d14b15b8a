// Logins, and what has to be known of them in every gateway's memory.
#include "backend/postgresql/account_rows.hpp"
#include "backend/postgresql/accounts.hpp"

namespace scalemart::pg {
namespace {

constexpr std::int32_t kPruneRowsMax = 10'000;

constexpr Statement kOpen{"open_family", "SELECT open_family_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"};
constexpr Statement kRotate{"rotate",
                            "SELECT r.outcome, (r.account).id, (r.account).email, (r.account).name, (r.account).role,"
                            " (r.account).password, (r.account).disabled, (r.account).epoch, (r.account).created"
                            " FROM rotate_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) r"};
constexpr Statement kRevoke{"revoke_family", "SELECT 0 FROM revoke_family_v1($1, $2, $3, $4)"};
constexpr Statement kAdmins{"admins", "SELECT id FROM users WHERE role <> 0 AND NOT disabled"};
constexpr Statement kEpochs{"epochs", "SELECT id, epoch, epoch_at FROM users WHERE epoch_at >= $1"};
constexpr Statement kRevoked{"revoked", "SELECT family, at FROM revoked WHERE at >= $1"};
constexpr Statement kPrune{"prune_accounts", "SELECT 0 FROM prune_accounts_v1($1, $2)"};
constexpr Statement kNow{"now_cursor", "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::int8"};
constexpr Statement kChanges{"changes", "SELECT kind, id, number, flag, key, json FROM changes_v1($1)"};
enum ChangeColumn { kKind, kId, kNumber, kFlag, kKey, kJson };

static_assert(static_cast<int>(RotateOutcome::rotated) == 0 && static_cast<int>(RotateOutcome::unknown) == 1 &&
              static_cast<int>(RotateOutcome::expired) == 2 && static_cast<int>(RotateOutcome::revoked) == 3 &&
              static_cast<int>(RotateOutcome::reused) == 4 && static_cast<int>(RotateOutcome::disabled) == 5);

std::span<const std::byte> bytes(const Digest256& digest) {
  return digest;
}

}  // namespace

StoreOutcome PostgresAccounts::open_family(const RefreshFamily& family, std::uint32_t epoch, const AuditEntry& audit,
                                           SteadyTime until) {
  Parameters p;
  p.add(family.id).add(family.user).add(bytes(family.secret)).add(bytes(family.token));
  p.add(family.created.ms).add(family.expires.ms).add(std::int64_t{epoch});
  p.add(static_cast<std::int32_t>(kFamiliesPerUserMax));
  add_audit(p, audit);
  return change(kOpen, p, Lost::try_again, until);
}

Rotation PostgresAccounts::rotate(const RotateRequest& request, const AuditEntry& reuse, SteadyTime until) {
  Parameters p;
  p.add(request.family).add(bytes(request.secret)).add(bytes(request.presented)).add(bytes(request.next));
  p.add(request.now.ms).add(request.expires.ms).add(request.repeats_since.ms).add(fresh_request());
  add_audit(p, reuse);
  const auto rows = call(kRotate, p, Lost::try_again, until);
  if (!rows)
    return {outcome_of(rows.error()) == StoreOutcome::no_space ? RotateOutcome::no_space : RotateOutcome::unavailable,
            {}};
  const auto outcome = static_cast<RotateOutcome>(rows->integer(0, 0));
  if (outcome != RotateOutcome::rotated && outcome != RotateOutcome::reused) return {outcome, {}};
  return {outcome, read_account(*rows, 0, 1)};
}

StoreOutcome PostgresAccounts::revoke_family(FamilyId id, WallTime now, const AuditEntry& audit, SteadyTime until) {
  Parameters p;
  p.add(id).add(now.ms);
  add_audit(p, audit);
  return change(kRevoke, p, Lost::give_up, until);
}

Result<AuthState> PostgresAccounts::load(WallTime since, SteadyTime until) {
  Parameters from;
  from.add(since.ms);
  const Parameters none;
  const std::array<Call, 3> calls{Call{&kAdmins, &none}, Call{&kEpochs, &from}, Call{&kRevoked, &from}};
  const auto rows = call(calls, Lost::try_again, until);
  if (!rows) return to_error(rows.error());
  const Rows &admins = (*rows)[0], &epochs = (*rows)[1], &revoked = (*rows)[2];
  AuthState state;
  for (int row = 0; row < admins.count(); ++row) state.admins.push_back(admins.id<UserId>(row, 0));
  for (int row = 0; row < epochs.count(); ++row)
    state.epochs.push_back({epochs.id<UserId>(row, 0), static_cast<std::uint32_t>(epochs.integer(row, 1)),
                            WallTime{epochs.integer(row, 2)}});
  for (int row = 0; row < revoked.count(); ++row)
    state.revoked.push_back({revoked.id<FamilyId>(row, 0), WallTime{revoked.integer(row, 1)}});
  return state;
}

StoreOutcome PostgresAccounts::prune(WallTime before, SteadyTime until) {
  Parameters p;
  p.add(before.ms).add(kPruneRowsMax);
  return change(kPrune, p, Lost::try_again, until);
}

Result<std::int64_t> PostgresAccounts::now_cursor(SteadyTime until) {
  const auto rows = call(kNow, {}, Lost::try_again, until);
  if (!rows) return to_error(rows.error());
  return rows->integer(0, 0);
}

Result<BlockingAccounts::ChangePage> PostgresAccounts::changes(std::int64_t since, SteadyTime until) {
  Parameters p;
  p.add(since);
  const auto rows = call(kChanges, p, Lost::try_again, until);
  if (!rows) return to_error(rows.error());
  ChangePage page;
  for (int row = 0; row < rows->count(); ++row) {
    switch (rows->integer(row, kKind)) {
      case 0:
        page.next = rows->integer(row, kNumber);
        break;
      case 1:
        page.changes.users.push_back({rows->id<UserId>(row, kId),
                                      static_cast<std::uint32_t>(rows->integer(row, kNumber)), rows->flag(row, kFlag)});
        break;
      case 2:
        page.changes.revoked.push_back(rows->id<FamilyId>(row, kId));
        break;
      default:
        page.changes.settings.push_back({std::string(rows->text(row, kKey)), std::string(rows->text(row, kJson))});
    }
  }
  return page;
}

}  // namespace scalemart::pg
