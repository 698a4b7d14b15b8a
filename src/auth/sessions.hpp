#pragma once
// Registering, logging in and out, and what follows from it.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/admins.hpp"
#include "auth/password.hpp"
#include "auth/revocations.hpp"
#include "auth/token.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "port/account_store.hpp"

namespace scalemart {

enum class AuthOutcome : std::uint8_t {
  done,
  invalid_credentials,  ///< Unknown user, wrong password, disabled account: nobody can tell which.
  email_taken,
  invalid_email,
  invalid_name,
  password_length,      ///< Not 8..128 characters.
  weak_password,        ///< Common, or the e-mail address itself.
  invalid_token,        ///< A refresh token we do not know, or of a revoked login.
  token_expired,        ///< A refresh token past its time.
  token_reused,         ///< A refresh token used twice: the login has been revoked.
  not_found,
  last_admin,           ///< An administrator cannot disable or demote themselves.
  overloaded,           ///< Nothing was done; try again.
  read_only,            ///< The disk is full; nothing was done.
};
inline constexpr int kAuthOutcomeCount = 14;
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
  std::string access_token;          ///< register, login, refresh, change_password
  std::string refresh_token;         ///< register, login, refresh
  std::chrono::seconds expires_in{};  ///< Of the access token.
};

/// Called exactly once: at once on the caller's thread when refused there, else on a thread of the pool or the
/// store. It must be quick (post to the event loop) and must not throw.
using AuthDone = std::function<void(AuthAnswer)>;

struct SessionOptions {
  std::chrono::seconds access_lifetime = std::chrono::minutes(15);  ///< 1 s .. kTokenLifetimeMax
  std::chrono::seconds refresh_lifetime = std::chrono::days(30);    ///< From the last use.
};

/// Purpose: the rules of auth over a store, a hashing pool and a signer.
///
/// Refresh tokens rotate (RFC 9700 section 4.14.2): each is good once, and a second use revokes the login with
/// its access tokens, since one of the two users is a thief. There is no grace: a client that lost the answer
/// logs in again. A guessed token revokes nothing, for it lacks the family's secret.
///
/// Effects are immediate: when `done` says so, every TokenVerifier over the same Revocations refuses the tokens
/// concerned, and Admins knows the new role.
///
/// Concurrency: thread-safe. Lifetime: destroy after the pool and the store have stopped.
class Sessions {
 public:
  Sessions(SessionOptions options, AccountStore& store, PasswordPool& passwords, const TokenSigner& signer,
           Revocations& revocations, Admins& admins, const Clock& clock, Random& random);

  /// Loads revocations and administrators; call before the first token is checked.
  [[nodiscard]] Result<void> start();
  /// Forgets what has expired, in memory and in the store. Every minute or so.
  void sweep();

  struct Registration { std::string email, password, name; };
  void register_buyer(Registration registration, std::string from, AuthDone done);
  void login(std::string email, std::string password, std::string from, AuthDone done);
  void refresh(std::string_view refresh_token, std::string from, AuthDone done);
  /// This login's tokens, refresh and access, are void.
  void logout(const Principal& who, std::string from, AuthDone done);
  /// So are those of every other login of the user.
  void logout_everywhere(const Principal& who, std::string from, AuthDone done);
  /// Every access token and every other login ends. The refresh token of this login stays good, and the answer
  /// carries a new access token for it.
  void change_password(const Principal& who, std::string old_password, std::string new_password,
                       std::string from, AuthDone done);
  void me(UserId user, AuthDone done);

  // --- an administrator's ---
  void set_disabled(const Principal& by, UserId user, bool disabled, std::string from, AuthDone done);
  void set_role(const Principal& by, UserId user, Role role, std::string from, AuthDone done);

  // --- the command line's and the start's; these wait ---
  [[nodiscard]] AuthAnswer create_user_now(Registration registration, Role role);
  /// True: created; false: was there. An error when the address belongs to somebody who is no administrator.
  [[nodiscard]] Result<bool> ensure_admin(std::string email, std::string password);
  /// Buyers for a load run, one access token each, in portions.
  [[nodiscard]] Result<void> seed_buyers(std::uint32_t count, std::chrono::seconds lifetime,
                                         const std::function<void(UserId, std::string_view token)>& each);

  [[nodiscard]] std::chrono::seconds access_lifetime() const { return options_.access_lifetime; }

 private:
  struct NewLogin {
    RefreshFamily family;
    std::string refresh_token;
  };
  NewLogin new_login(UserId user, WallTime now);
  void create_user(Registration registration, Role role, bool with_login, std::string from, AuthDone done);
  void finish_login(Account account, std::string from, AuthDone done);
  void check_login(Account account, std::string from, const PasswordPool::Check& check, AuthDone done);
  void swap_password(const Principal& who, Account account, std::string new_password, std::string from,
                     AuthDone done);
  void store_password(const Principal& who, std::string old_hash, std::string new_hash, std::string from,
                      AuthDone done);
  void audit_only(AuditEntry entry);
  void user_changed(const Account& account);
  std::function<void(EpochChange)> answer_epoch_change(AuthDone done);
  [[nodiscard]] AuthAnswer answer_for(const Account& account) const;
  template <class Id>
  Id fresh_id();
  void fill(void* out, std::size_t size);

  const SessionOptions options_;
  AccountStore& store_;
  PasswordPool& passwords_;
  const TokenSigner& signer_;
  Revocations& revocations_;
  Admins& admins_;
  const Clock& clock_;
  std::mutex random_mutex_;
  Random& random_;  ///< Guarded by random_mutex_.
};

}  // namespace scalemart
