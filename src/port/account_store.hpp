#pragma once
// Where accounts, logins, the audit trail and run-time settings are kept.

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/ids.hpp"
#include "domain/principal.hpp"

namespace scalemart {

using Digest256 = std::array<std::byte, 32>;  ///< A SHA-256.

struct Account {
  UserId id;
  std::string email;  ///< Normalised (auth/email.hpp); unique without regard to case.
  std::string name;
  Role role = Role::buyer;
  std::string password_hash;  ///< PHC string. Empty: nobody can log in with a password.
  bool disabled = false;
  std::uint32_t epoch = 0;  ///< Access tokens of an earlier epoch are void.
  WallTime created;
};

/// One login on one device. The secret stays the same for the family's life, the token changes with every
/// use: who knows the secret and an old token replays; who knows neither is guessing and changes nothing.
struct RefreshFamily {
  FamilyId id;
  UserId user;
  Digest256 secret{};
  Digest256 token{};
  WallTime created;
  WallTime expires;
};

/// Who did what to what, when and from where. An entry without `what` is not written.
struct AuditEntry {
  std::string who;     ///< A user id, "system", or empty: nobody who could be named.
  std::string what;    ///< snake_case, e.g. "login_failed".
  std::string target;  ///< A user, product or order id, a setting's key, or empty.
  WallTime when;
  std::string from;    ///< Client address or empty.
  std::string before;  ///< JSON or empty.
  std::string after;   ///< JSON or empty.
};

struct AuditRow {
  std::uint64_t sequence = 0;
  AuditEntry entry;
  Digest256 hash{};       ///< SHA-256 over the previous row's hash and this row.
  std::string who_email;  ///< Of audit_page: the account's address; empty: `who` is no account.
};

/// Empty members let everything through.
struct AuditSearch {
  std::uint64_t before = 0;  ///< Only older rows; 0: from the newest.
  std::size_t limit = 20;    ///< At least 1.
  std::string who = {};
  std::string what = {};  ///< Its beginning.
  std::string target = {};
  std::string from = {};
  std::optional<WallTime> since = {};  ///< At this time or later.
  std::optional<WallTime> until = {};  ///< Before this time.
};
struct AuditPage {
  std::vector<AuditRow> rows;  ///< Newest first.
  std::uint64_t next = 0;      ///< Ask on with this as `before`; 0: that was all.
};
/// A question looks at so many rows at the most, so that no login waits for a search: a page may be short, or
/// empty, and have a `next` all the same.
inline constexpr std::uint64_t kAuditLookMax = 20'000;

struct AuditCheck {
  std::uint64_t rows = 0;
  std::uint64_t first_bad = 0;  ///< 0: the chain is whole.
};

enum class StoreOutcome : std::uint8_t {
  done,
  not_found,
  email_taken,
  stale,        ///< What the caller had read is no longer so; nothing was changed.
  no_space,     ///< The disk is full; nothing was changed.
  unavailable,  ///< No answer from where accounts are kept: it may have been changed or not.
};

struct EpochChange {
  StoreOutcome outcome = StoreOutcome::not_found;
  Account account;  ///< As it is now.
};

struct RotateRequest {
  FamilyId family;
  Digest256 secret{};
  Digest256 presented{};
  Digest256 next{};
  WallTime now;
  WallTime expires;  ///< Of the next token.
  /// The same request again, not earlier than this: the token is `next` already, and was made so at this time or later.
  /// It is answered as the first one was, and changes nothing. The default forgives no repetition.
  WallTime repeats_since{std::numeric_limits<std::int64_t>::max()};
};
enum class RotateOutcome : std::uint8_t {
  rotated,  ///< Also by the same request before, see repeats_since.
  unknown,  ///< No such family, or the secret is wrong: nothing was changed.
  expired,
  revoked,
  reused,    ///< The token had been used: the family is revoked now.
  disabled,  ///< The account is.
  no_space,
  unavailable,  ///< As above.
};
struct Rotation {
  RotateOutcome outcome = RotateOutcome::unknown;
  Account account;  ///< When rotated or reused.
};

struct PasswordChange {
  UserId user;
  std::string expected_hash;  ///< Otherwise stale.
  std::string new_hash;
  FamilyId keep;  ///< This login survives; empty: none does.
  WallTime now;
};

/// Buyers for load runs: no password, so no login. Their ids are first, first + 1, ... in the low word.
struct SeedRequest {
  UserId first;
  std::uint32_t count = 0;  ///< 1..kSeedMax
  WallTime now;
};
inline constexpr std::uint32_t kSeedMax = 100'000;

/// What must be in memory before the first token is checked.
struct AuthState {
  struct User {
    UserId id;
    std::uint32_t epoch = 0;
    WallTime at;
  };
  struct Family {
    FamilyId id;
    WallTime at;
  };
  std::vector<UserId> admins;   ///< Those who are not disabled.
  std::vector<User> epochs;     ///< Users whose epoch changed since the asked time.
  std::vector<Family> revoked;  ///< Families revoked since the asked time.
};

struct Setting {
  std::string key;
  std::string json;
};

/// Purpose: durable accounts. A mutation and its audit entry are one: both are there or neither.
/// Concurrency: any thread may ask. Every request returns at once; false means the queue is full, nothing was
/// taken and `done` will never be called. Otherwise `done` is called exactly once, on the store's own thread,
/// after the change is durable; it must be quick and must not throw. Requests of one thread run in its order.
/// Errors: no_space and unavailable are answers; a question that got none is an error. A store in this process
/// ends the process instead when it cannot know what became of a change.
class AccountStore {
 public:
  template <class T>
  using Done = std::function<void(T)>;
  template <class T>
  using Found = std::function<void(Result<T>)>;

  virtual ~AccountStore() = default;
  /// Finishes what was taken and answers it; later requests are refused. Idempotent; not from a callback.
  virtual void stop() = 0;

  // --- accounts ---
  /// `first`: the login that comes with the registration.
  [[nodiscard]] virtual bool create(Account account, std::optional<RefreshFamily> first, AuditEntry audit,
                                    Done<StoreOutcome> done) = 0;
  [[nodiscard]] virtual bool find(UserId id, Found<std::optional<Account>> done) = 0;
  [[nodiscard]] virtual bool find_by_email(std::string email, Found<std::optional<Account>> done) = 0;
  /// By id; those after `after` (empty: from the first), at most `limit`.
  [[nodiscard]] virtual bool list(UserId after, std::size_t limit, Found<std::vector<Account>> done) = 0;
  /// The same password under better parameters: no epoch, no audit. Stale if another hash is there by now.
  [[nodiscard]] virtual bool rehash(UserId id, std::string expected, std::string hash, Done<StoreOutcome> done) = 0;
  /// New epoch; every login but `keep` is revoked.
  [[nodiscard]] virtual bool change_password(PasswordChange change, AuditEntry audit, Done<EpochChange> done) = 0;
  /// New epoch; every login is revoked.
  [[nodiscard]] virtual bool revoke_all(UserId id, WallTime now, AuditEntry audit, Done<EpochChange> done) = 0;
  /// Disabling is revoke_all as well; enabling gives nothing back.
  [[nodiscard]] virtual bool set_disabled(UserId id, bool disabled, WallTime now, AuditEntry audit,
                                          Done<EpochChange> done) = 0;
  /// New epoch, so that no token states the old role; the logins stay.
  [[nodiscard]] virtual bool set_role(UserId id, Role role, WallTime now, AuditEntry audit, Done<EpochChange> done) = 0;
  [[nodiscard]] virtual bool seed(SeedRequest request, Done<StoreOutcome> done) = 0;

  // --- logins ---
  /// At most kFamiliesPerUserMax a user: the oldest gives way. not_found: no such user, or disabled. stale:
  /// the account's epoch is no longer `epoch`, so what the login was based on may be void.
  [[nodiscard]] virtual bool open_family(RefreshFamily family, std::uint32_t epoch, AuditEntry audit,
                                         Done<StoreOutcome> done) = 0;
  /// `reuse` is written when the token had been used, with the family as target.
  [[nodiscard]] virtual bool rotate(RotateRequest request, AuditEntry reuse, Done<Rotation> done) = 0;
  /// Remembers the revocation also of a family it never held (tokens of a load run).
  [[nodiscard]] virtual bool revoke_family(FamilyId id, WallTime now, AuditEntry audit, Done<StoreOutcome> done) = 0;
  /// Everything revoked or changed at `since` or later, and the administrators.
  [[nodiscard]] virtual bool load(WallTime since, Found<AuthState> done) = 0;
  /// Forgets some of what ended before `before`; bounded work, call again from time to time.
  [[nodiscard]] virtual bool prune(WallTime before, Done<StoreOutcome> done) = 0;

  // --- audit ---
  [[nodiscard]] virtual bool append_audit(AuditEntry entry, Done<StoreOutcome> done) = 0;
  [[nodiscard]] virtual bool audit_page(AuditSearch search, Found<AuditPage> done) = 0;
  [[nodiscard]] virtual bool check_audit(Found<AuditCheck> done) = 0;

  // --- settings ---
  [[nodiscard]] virtual bool put_setting(Setting setting, AuditEntry audit, Done<StoreOutcome> done) = 0;
  [[nodiscard]] virtual bool settings(Found<std::vector<Setting>> done) = 0;
};

inline constexpr std::size_t kFamiliesPerUserMax = 32;

}  // namespace scalemart
