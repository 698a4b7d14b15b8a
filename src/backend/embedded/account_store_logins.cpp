// Refresh families in the embedded account store.
#include <sqlite3.h>

#include <algorithm>
#include <limits>

#include "backend/embedded/account_store_blobs.hpp"
#include "backend/embedded/account_store_tables.hpp"

namespace scalemart {
namespace {

constexpr std::int64_t kPruneRowsMax = 10'000;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();

bool same_digest(std::span<const std::byte> a, const Digest256& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

}  // namespace

void AccountTables::insert_family(const RefreshFamily& family) {
  const IdBytes id(family.id);
  const IdBytes user(family.user);
  run(statement("INSERT INTO families(id, user, secret, token, created, expires, generation) VALUES(?1, ?2, "
                "?3, ?4, ?5, ?6, 1)")
          .bind(1, id)
          .bind(2, user)
          .bind(3, std::span<const std::byte>(family.secret))
          .bind(4, std::span<const std::byte>(family.token))
          .bind(5, family.created.ms)
          .bind(6, family.expires.ms));
}

StoreOutcome AccountTables::open_family(const RefreshFamily& family, std::uint32_t epoch, const AuditEntry& audit) {
  const auto account = find(family.user);
  if (!account || account->disabled) return StoreOutcome::not_found;
  if (account->epoch != epoch) return StoreOutcome::stale;
  const IdBytes user(family.user);
  // Room for one more: the oldest beyond that are gone, revoked or not.
  run(statement("DELETE FROM families WHERE id IN"
                " (SELECT id FROM families WHERE user = ?1 ORDER BY created DESC, id DESC LIMIT -1 OFFSET ?2)")
          .bind(1, user)
          .bind(2, static_cast<std::int64_t>(kFamiliesPerUserMax - 1)));
  insert_family(family);
  append_audit(audit);
  return StoreOutcome::done;
}

Rotation AccountTables::rotate(const RotateRequest& request, const AuditEntry& reuse) {
  const IdBytes id(request.family);
  auto& found = statement(
      "SELECT user, secret, token, expires, revoked IS NOT NULL, ifnull(rotated, ?2) FROM families WHERE id = ?1");
  found.bind(1, id).bind(2, kNever);
  if (!next(found) || !same_digest(found.blob(1), request.secret)) {
    found.reset();
    return {RotateOutcome::unknown, {}};
  }
  const auto user = read_id<UserId>(found.blob(0));
  const bool current = same_digest(found.blob(2), request.presented);
  const bool repeated = same_digest(found.blob(2), request.next) && found.integer(5) >= request.repeats_since.ms;
  const bool expired = request.now.ms >= found.integer(3);
  const bool revoked = found.integer(4) != 0;
  found.reset();
  auto account = find(user);
  if (!account) return {RotateOutcome::unknown, {}};
  if (revoked) return {RotateOutcome::revoked, {}};
  if (!current && !repeated) {
    revoke_family(request.family, request.now, reuse);
    return {RotateOutcome::reused, std::move(*account)};
  }
  if (expired) return {RotateOutcome::expired, {}};
  if (account->disabled) return {RotateOutcome::disabled, {}};
  if (repeated) return {RotateOutcome::rotated, std::move(*account)};
  run(statement("UPDATE families SET token = ?1, expires = ?2, rotated = ?3, generation = generation + 1 WHERE id = ?4")
          .bind(1, std::span<const std::byte>(request.next))
          .bind(2, request.expires.ms)
          .bind(3, request.now.ms)
          .bind(4, id));
  return {RotateOutcome::rotated, std::move(*account)};
}

void AccountTables::remember_revoked(FamilyId id, WallTime now) {
  const IdBytes bytes(id);
  run(statement("INSERT INTO revoked(family, at) VALUES(?1, ?2) ON CONFLICT(family) DO NOTHING")
          .bind(1, bytes)
          .bind(2, now.ms));
}

StoreOutcome AccountTables::revoke_family(FamilyId id, WallTime now, const AuditEntry& audit) {
  const IdBytes bytes(id);
  run(statement("UPDATE families SET revoked = ?1 WHERE id = ?2 AND revoked IS NULL").bind(1, now.ms).bind(2, bytes));
  remember_revoked(id, now);
  append_audit(audit);
  return StoreOutcome::done;
}

/// Their access tokens fall with the user's epoch, so the families need not be remembered one by one.
void AccountTables::revoke_families_of(UserId user, FamilyId keep, WallTime now) {
  const IdBytes bytes(user);
  const IdBytes kept(keep);
  run(statement("UPDATE families SET revoked = ?1 WHERE user = ?2 AND id <> ?3 AND revoked IS NULL")
          .bind(1, now.ms)
          .bind(2, bytes)
          .bind(3, kept));
}

AuthState AccountTables::load(WallTime since) {
  AuthState state;
  auto& admins = statement("SELECT id FROM users WHERE role <> 0 AND disabled = 0");
  while (next(admins)) state.admins.push_back(read_id<UserId>(admins.blob(0)));
  admins.reset();
  auto& epochs = statement("SELECT id, epoch, epoch_at FROM users WHERE epoch_at IS NOT NULL AND epoch_at >= ?1");
  epochs.bind(1, since.ms);
  while (next(epochs))
    state.epochs.push_back(
        {read_id<UserId>(epochs.blob(0)), static_cast<std::uint32_t>(epochs.integer(1)), {epochs.integer(2)}});
  epochs.reset();
  auto& revoked = statement("SELECT family, at FROM revoked WHERE at >= ?1");
  revoked.bind(1, since.ms);
  while (next(revoked)) state.revoked.push_back({read_id<FamilyId>(revoked.blob(0)), {revoked.integer(1)}});
  revoked.reset();
  return state;
}

StoreOutcome AccountTables::prune(WallTime before) {
  run(statement("DELETE FROM families WHERE id IN (SELECT id FROM families WHERE expires < ?1 LIMIT ?2)")
          .bind(1, before.ms)
          .bind(2, kPruneRowsMax));
  run(statement("DELETE FROM revoked WHERE family IN (SELECT family FROM revoked WHERE at < ?1 LIMIT ?2)")
          .bind(1, before.ms)
          .bind(2, kPruneRowsMax));
  run(statement("UPDATE users SET epoch_at = NULL WHERE id IN"
                " (SELECT id FROM users WHERE epoch_at IS NOT NULL AND epoch_at < ?1 LIMIT ?2)")
          .bind(1, before.ms)
          .bind(2, kPruneRowsMax));
  return StoreOutcome::done;
}

}  // namespace scalemart
