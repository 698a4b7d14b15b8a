#pragma once
// Registering, logging in and out, and what follows from it.

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "auth/admins.hpp"
#include "auth/password.hpp"
#include "auth/revocations.hpp"
#include "auth/token.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "port/account_changes.hpp"
#include "port/account_store.hpp"

namespace scalemart {

enum class AuthOutcome : std::uint8_t {
  done,
  invalid_credentials,  ///< Unknown user, wrong password, disabled account: nobody can tell which.
  email_taken,
  invalid_email,
  invalid_name,
  password_length,  ///< Not 8..128 characters.
  weak_password,    ///< Common, or the e-mail address itself.
  invalid_token,    ///< A refresh token we do not know, or of a revoked login.
  token_expired,    ///< A refresh token past its time.
  token_reused,     ///< A refresh token used twice: the login has been revoked.
  not_found,
  last_admin,   ///< An administrator cannot disable or demote themselves.
  overloaded,   ///< Nothing was done; try again.
  read_only,    ///< The disk is full; nothing was done.
  unavailable,  ///< The store does not answer; it may have been done or not.
};
inline constexpr int kAuthOutcomeCount = 15;
[[nodiscard]] std::string_view to_text(AuthOutcome outcome);

struct UserView {
  UserId id;
  std::string email;
  std::string name;
  Role role = Role::buyer;
};

struct AuthAnswer {
  AuthOutcome outcome = AuthOutcome::overloaded;
  UserView user;
  std::string access_token;           ///< register, login, refresh, change_password
  std::string refresh_token;          ///< register, login, refresh
  std::chrono::seconds expires_in{};  ///< Of the access token.
};

/// Called exactly once: at once on the caller's thread when refused there, else on a thread of the pool or
/// the store. It must be quick (post to the event loop) and must not throw.
using AuthDone = std::function<void(AuthAnswer)>;

/// Who keeps a refresh token, and so what its second use means.
enum class TokenKeeper : std::uint8_t {
  client,  ///< A program that stores the answer: theft.
  browser  ///< A cookie jar: within kLostAnswerGrace the answer may have been lost, and is given again (ADR 0010).
};
/// A page's own time-out, one back-off and a slow line; far less than an access token's life, so that two who share
/// a stolen token are still found out by the next rotation.
inline constexpr std::chrono::seconds kLostAnswerGrace{30};

inline constexpr std::uint32_t kFailedLoginAuditsPerSecond = 20;
/// A revocation is remembered this much longer than its tokens live.
inline constexpr std::chrono::minutes kRevocationMargin{1};

struct SessionOptions {
  std::chrono::seconds access_lifetime = std::chrono::minutes(15);  ///< 1 s .. kTokenLifetimeMax
  std::chrono::seconds refresh_lifetime = std::chrono::days(30);    ///< From the last use.
};

/// Purpose: the rules of auth over a store, a hashing pool and a signer.
///
/// Refresh tokens rotate (RFC 9700 section 4.14.2): each is good once, and a second use revokes the login
/// with its access tokens, since one of the two users is a thief. A client that lost the answer logs in again; a
/// browser's cookie jar, which loses answers with every reload, may ask once more (see TokenKeeper). A guessed token
/// revokes nothing, for it lacks the family's secret.
///
/// Effects are immediate: when `done` says so, every TokenVerifier over the same Revocations refuses the
/// tokens concerned, and Admins knows the new role.
///
/// Failed logins are audited at most kFailedLoginAuditsPerSecond a second, so that an attack cannot fill the
/// disk.
///
/// Concurrency: thread-safe. Lifetime: stop the pool, then the store, then destroy this.
class Sessions {
 public:
  Sessions(SessionOptions options, AccountStore& store, PasswordPool& passwords, const TokenSigner& signer,
           Revocations& revocations, Admins& admins, const Clock& clock, Random& random);

  /// Loads revocations and administrators; call before the first token is checked and before anything else asks.
  [[nodiscard]] Result<void> start();
  /// Puts into effect what other processes changed in a shared store. Its watch begins before start(), so that nothing
  /// is missed. Old news and repetitions do no harm. Any thread.
  void learn(const AccountChanges& changes);
  /// Forgets what has expired, in memory and in the store. Every minute or so.
  void sweep();

  struct Registration {
    std::string email, password, name;
  };
  void register_buyer(Registration registration, std::string from, AuthDone done);
  void login(std::string email, std::string password, std::string from, AuthDone done);
  void refresh(std::string_view refresh_token, TokenKeeper keeper, std::string from, AuthDone done);
  /// This login's tokens, refresh and access, are void.
  void logout(const Principal& who, std::string from, AuthDone done);
  /// So are those of every other login of the user.
  void logout_everywhere(const Principal& who, std::string from, AuthDone done);
  /// Every access token and every other login ends. The refresh token of this login stays good, and the
  /// answer carries a new access token for it.
  void change_password(const Principal& who, std::string old_password, std::string new_password, std::string from,
                       AuthDone done);
  void me(UserId user, AuthDone done);

  // --- an administrator's ---
  void set_disabled(const Principal& by, UserId user, bool disabled, std::string from, AuthDone done);
  void set_role(const Principal& by, UserId user, Role role, std::string from, AuthDone done);

  // --- the command line's and the start's; these wait ---
  [[nodiscard]] AuthAnswer create_user_now(Registration registration, Role role);
  /// For somebody who forgot theirs: every login ends. The caller has asked whether they may.
  [[nodiscard]] AuthOutcome set_password_now(UserId user, std::string password);
  /// True: created; false: was there. An error when the address belongs to somebody who is no administrator.
  [[nodiscard]] Result<bool> ensure_admin(std::string email, std::string password);
  /// Buyers for a load run, one access token each, in portions.
  [[nodiscard]] Result<void> seed_buyers(std::uint32_t count, std::chrono::seconds lifetime,
                                         const std::function<void(UserId, std::string_view token)>& each);

  [[nodiscard]] std::chrono::seconds access_lifetime() const { return options_.access_lifetime; }
  [[nodiscard]] std::chrono::seconds refresh_lifetime() const { return options_.refresh_lifetime; }

 private:
  struct NewLogin {
    RefreshFamily family;
    std::string refresh_token;
  };
  void create_user(Registration registration, Role role, bool with_login, std::string from, AuthDone done);
  void check_login(std::optional<Account> account, std::string password, std::string from, AuthDone done);
  void open_login(Account account, std::string from, AuthDone done);
  void swap_password(const Principal& who, Account account, std::string new_password, std::string from, AuthDone done);
  [[nodiscard]] NewLogin new_login(UserId user, WallTime now);
  [[nodiscard]] AuthAnswer answer_for(const Account& account) const;
  void add_access_token(AuthAnswer& answer, const Account& account, FamilyId family) const;
  void audit_failed_login(UserId user, std::string from);
  /// A callback that puts a user's new epoch and role into effect, then answers.
  [[nodiscard]] std::function<void(EpochChange)> apply_change(AuthDone done);
  void put_into_effect(const Account& account);
  void put_into_effect(UserId user, std::uint32_t epoch, bool is_admin, WallTime until);
  [[nodiscard]] FamilyId fresh_family_id();
  void fill_random(std::span<std::byte> out);

  const SessionOptions options_;
  AccountStore& store_;
  PasswordPool& passwords_;
  const TokenSigner& signer_;
  Revocations& revocations_;
  Admins& admins_;
  const Clock& clock_;
  /// Guards nothing in particular: keeps what is known of a user, in revocations_ and admins_, of one epoch.
  std::mutex effects_mutex_;
  std::mutex random_mutex_;
  Random& random_;  ///< Guarded by random_mutex_.
  std::mutex failures_mutex_;
  std::int64_t failures_second_ = 0;  ///< Guarded by failures_mutex_, as are the next two.
  std::uint32_t failures_written_ = 0;
  std::uint64_t failures_skipped_ = 0;
};

}  // namespace scalemart
