// Users and settings.
#include "backend/postgresql/account_rows.hpp"
#include "backend/postgresql/accounts.hpp"

namespace scalemart::pg {
namespace {

constexpr std::uint32_t kSeedPortion = 5'000;

constexpr Statement kCreate{
    "create_account", "SELECT create_account_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"};
constexpr Statement kFind{"find_account", "SELECT " SCALEMART_ACCOUNT_COLUMNS " FROM users u WHERE u.id = $1"};
constexpr Statement kFindByEmail{"find_account_by_email",
                                 "SELECT " SCALEMART_ACCOUNT_COLUMNS
                                 " FROM users u WHERE lower(u.email COLLATE \"C\") = lower($1 COLLATE \"C\")"};
constexpr Statement kList{"list_accounts",
                          "SELECT " SCALEMART_ACCOUNT_COLUMNS " FROM users u WHERE u.id > $1 ORDER BY u.id LIMIT $2"};
// The new hash is there already: the same call again.
constexpr Statement kRehash{"rehash_account",
                            "WITH hit AS (UPDATE users SET password = $3 WHERE id = $1 AND password IN ($2, $3)"
                            " RETURNING id) SELECT CASE WHEN EXISTS (SELECT FROM hit) THEN 0 ELSE 3 END"};
constexpr Statement kChange{"change_account",
                            "SELECT r.outcome, (r.account).id, (r.account).email, (r.account).name, (r.account).role,"
                            " (r.account).password, (r.account).disabled, (r.account).epoch, (r.account).created"
                            " FROM change_account_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) r"};
constexpr Statement kSeed{"seed_accounts",
                          "WITH made AS (INSERT INTO users (id, email, name, role, password, created)"
                          " SELECT id, email, name, 0, '', $4 FROM unnest($1::uuid[], $2::text[], $3::text[])"
                          " AS b(id, email, name) ON CONFLICT DO NOTHING) SELECT 0"};
constexpr Statement kPutSetting{"put_setting", "SELECT 0 FROM put_setting_v1($1, $2, $3, $4)"};
constexpr Statement kSettings{"settings", "SELECT key, json FROM settings ORDER BY key COLLATE \"C\""};

static_assert(static_cast<int>(StoreOutcome::done) == 0 && static_cast<int>(StoreOutcome::not_found) == 1 &&
              static_cast<int>(StoreOutcome::email_taken) == 2 && static_cast<int>(StoreOutcome::stale) == 3);
static_assert(static_cast<int>(Role::buyer) == 0 && static_cast<int>(Role::admin) == 1);

std::optional<Account> first_account(const Rows& rows) {
  return rows.empty() ? std::nullopt : std::optional(read_account(rows, 0));
}

}  // namespace

StoreOutcome PostgresAccounts::create(const Account& account, const std::optional<RefreshFamily>& first,
                                      const AuditEntry& audit, SteadyTime until) {
  Parameters p;
  p.add(account.id).add(storable(account.email)).add(storable(account.name));
  p.add(static_cast<std::int32_t>(account.role)).add(storable(account.password_hash)).add(account.disabled);
  p.add(std::int64_t{account.epoch}).add(account.created.ms);
  if (first) {
    p.add(first->id).add(std::span<const std::byte>(first->secret)).add(std::span<const std::byte>(first->token));
    p.add(first->created.ms).add(first->expires.ms);
  } else {
    p.add_null(Type::uuid).add_null(Type::bytea).add_null(Type::bytea).add_null(Type::int8).add_null(Type::int8);
  }
  add_audit(p, audit);
  return change(kCreate, p, Lost::try_again, until);
}

Result<std::optional<Account>> PostgresAccounts::find(UserId id, SteadyTime until) {
  Parameters p;
  p.add(id);
  const auto rows = call(kFind, p, Lost::try_again, until);
  if (!rows) return to_error(rows.error());
  return first_account(*rows);
}

Result<std::optional<Account>> PostgresAccounts::find_by_email(const std::string& email, SteadyTime until) {
  if (!is_storable(email)) return std::optional<Account>();
  Parameters p;
  p.add(std::string_view(email));
  const auto rows = call(kFindByEmail, p, Lost::try_again, until);
  if (!rows) return to_error(rows.error());
  return first_account(*rows);
}

Result<std::vector<Account>> PostgresAccounts::list(UserId after, std::size_t limit, SteadyTime until) {
  Parameters p;
  p.add(after).add(static_cast<std::int64_t>(std::min<std::size_t>(limit, INT32_MAX)));
  const auto rows = call(kList, p, Lost::try_again, until);
  if (!rows) return to_error(rows.error());
  std::vector<Account> accounts;
  for (int row = 0; row < rows->count(); ++row) accounts.push_back(read_account(*rows, row));
  return accounts;
}

StoreOutcome PostgresAccounts::rehash(UserId id, const std::string& expected, const std::string& hash,
                                      SteadyTime until) {
  Parameters p;
  p.add(id).add(storable(expected)).add(storable(hash));
  return change(kRehash, p, Lost::try_again, until);
}

EpochChange PostgresAccounts::change_account(const Change& change, const AuditEntry& audit, SteadyTime until) {
  Parameters p;
  p.add(change.user).add(change.now.ms).add(change.expected, Type::text).add(change.password, Type::text);
  p.add(change.disabled, Type::boolean);
  p.add(change.role ? std::optional(static_cast<std::int32_t>(*change.role)) : std::nullopt, Type::int4);
  p.add(change.end_logins).add(change.keep);
  add_audit(p, audit);
  const auto rows = call(kChange, p, Lost::give_up, until);
  if (!rows) return {outcome_of(rows.error()), {}};
  const auto outcome = static_cast<StoreOutcome>(rows->integer(0, 0));
  if (outcome != StoreOutcome::done) return {outcome, {}};
  return {outcome, read_account(*rows, 0, 1)};
}

EpochChange PostgresAccounts::change_password(const PasswordChange& change, const AuditEntry& audit, SteadyTime until) {
  return change_account({.user = change.user,
                         .now = change.now,
                         .expected = storable(change.expected_hash),
                         .password = storable(change.new_hash),
                         .end_logins = true,
                         .keep = change.keep},
                        audit, until);
}

EpochChange PostgresAccounts::revoke_all(UserId id, WallTime now, const AuditEntry& audit, SteadyTime until) {
  return change_account({.user = id, .now = now, .end_logins = true}, audit, until);
}

EpochChange PostgresAccounts::set_disabled(UserId id, bool disabled, WallTime now, const AuditEntry& audit,
                                           SteadyTime until) {
  return change_account({.user = id, .now = now, .disabled = disabled, .end_logins = disabled}, audit, until);
}

EpochChange PostgresAccounts::set_role(UserId id, Role role, WallTime now, const AuditEntry& audit, SteadyTime until) {
  return change_account({.user = id, .now = now, .role = role}, audit, until);
}

StoreOutcome PostgresAccounts::seed(const SeedRequest& request, SteadyTime until) {
  SCALEMART_CHECK(request.count >= 1 && request.count <= kSeedMax);
  for (std::uint32_t made = 0; made < request.count;) {
    std::vector<UserId> ids;
    std::vector<std::string> emails, names;
    for (; made < request.count && ids.size() < kSeedPortion; ++made) {
      ids.push_back({request.first.hi, request.first.lo + made});
      const std::string text = to_string(ids.back());
      emails.push_back(text + "@load.invalid");
      names.push_back("Load buyer " + text.substr(18));
    }
    Parameters p;
    p.add(ids).add(emails).add(names).add(request.now.ms);
    if (const auto outcome = change(kSeed, p, Lost::try_again, until); outcome != StoreOutcome::done) return outcome;
  }
  return StoreOutcome::done;
}

StoreOutcome PostgresAccounts::put_setting(const Setting& setting, const AuditEntry& audit, SteadyTime until) {
  Parameters p;
  p.add(storable(setting.key)).add(storable(setting.json));
  add_audit(p, audit);
  return change(kPutSetting, p, Lost::give_up, until);
}

Result<std::vector<Setting>> PostgresAccounts::settings(SteadyTime until) {
  const auto rows = call(kSettings, {}, Lost::try_again, until);
  if (!rows) return to_error(rows.error());
  std::vector<Setting> all;
  for (int row = 0; row < rows->count(); ++row)
    all.push_back({std::string(rows->text(row, 0)), std::string(rows->text(row, 1))});
  return all;
}

}  // namespace scalemart::pg
