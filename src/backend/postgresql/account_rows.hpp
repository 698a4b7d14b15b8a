#pragma once
// How accounts, logins and audit entries travel to PostgreSQL and back (accounts.sql).

#include <cstring>

#include "backend/postgresql/reply.hpp"
#include "backend/postgresql/values.hpp"
#include "port/account_store.hpp"

namespace scalemart::pg {

/// The columns of users, as read_account() wants them. `u` is the row.
#define SCALEMART_ACCOUNT_COLUMNS "u.id, u.email, u.name, u.role, u.password, u.disabled, u.epoch, u.created"
inline constexpr int kAccountColumns = 8;

[[nodiscard]] inline Account read_account(const Rows& rows, int row, int first = 0) {
  Account account;
  account.id = rows.id<UserId>(row, first);
  account.email = rows.text(row, first + 1);
  account.name = rows.text(row, first + 2);
  account.role = rows.integer(row, first + 3) == 0 ? Role::buyer : Role::admin;
  account.password_hash = rows.text(row, first + 4);
  account.disabled = rows.flag(row, first + 5);
  account.epoch = static_cast<std::uint32_t>(rows.integer(row, first + 6));
  account.created = WallTime{rows.integer(row, first + 7)};
  return account;
}

[[nodiscard]] inline Digest256 read_digest(std::string_view bytes) {
  Digest256 digest{};
  SCALEMART_CHECK(bytes.size() == digest.size());
  std::memcpy(digest.data(), bytes.data(), digest.size());
  return digest;
}

/// Two parameters: the time, and the texts.
inline void add_audit(Parameters& parameters, const AuditEntry& entry) {
  const std::vector<std::string> texts{storable(entry.who),  storable(entry.what),   storable(entry.target),
                                       storable(entry.from), storable(entry.before), storable(entry.after)};
  parameters.add(entry.when.ms).add(texts);
}

/// Of a change that did not get through.
[[nodiscard]] StoreOutcome outcome_of(const Failure& failure);

}  // namespace scalemart::pg
