// What ends or changes a login: logout, a new password, an administrator's decision.
#include <algorithm>
#include <utility>

#include "auth/session_answers.hpp"
#include "auth/sessions.hpp"

namespace scalemart {

// --- ending logins ---------------------------------------------------------------------------------------

void Sessions::logout(const Principal& who, std::string from, AuthDone done) {
  const WallTime now = clock_.wall();
  const WallTime until = std::max(who.expires, now + options_.access_lifetime) + kRevocationMargin;
  auto answer = [this, family = who.family, until, done](StoreOutcome outcome) {
    if (outcome == StoreOutcome::done) revocations_.revoke_family(family, until);
    done(refuse(to_auth(outcome)));
  };
  AuditEntry audit{to_string(who.user), "logged_out", to_string(who.family), now, std::move(from), "", ""};
  if (!store_.revoke_family(who.family, now, std::move(audit), std::move(answer)))
    done(refuse(AuthOutcome::overloaded));
}

void Sessions::logout_everywhere(const Principal& who, std::string from, AuthDone done) {
  const WallTime now = clock_.wall();
  AuditEntry audit{to_string(who.user), "logged_out_everywhere", to_string(who.user), now, std::move(from), "", ""};
  if (!store_.revoke_all(who.user, now, std::move(audit), apply_change(done))) done(refuse(AuthOutcome::overloaded));
}

void Sessions::change_password(const Principal& who, std::string old_password, std::string new_password,
                               std::string from, AuthDone done) {
  if (!has_password_length(new_password)) return done(refuse(AuthOutcome::password_length));
  if (is_too_long(old_password)) return done(refuse(AuthOutcome::invalid_credentials));
  auto found = [this, who, old_password = std::move(old_password), new_password = std::move(new_password),
                from = std::move(from), done](Result<std::optional<Account>> found_account) mutable {
    if (!found_account) return done(refuse(AuthOutcome::unavailable));
    std::optional<Account>& account = *found_account;
    if (!account || account->disabled) return done(refuse(AuthOutcome::invalid_credentials));
    if (const auto fault = fault_of_password(new_password, account->email); fault != PasswordFault::none)
      return done(refuse(to_auth(fault)));
    std::string phc = account->password_hash;
    auto checked = [this, who, account = std::move(*account), new_password = std::move(new_password),
                    from = std::move(from), done](PasswordPool::Check check) mutable {
      if (check.matches)
        return swap_password(who, std::move(account), std::move(new_password), std::move(from), std::move(done));
      audit_failed_login(who.user, std::move(from));
      done(refuse(AuthOutcome::invalid_credentials));
    };
    if (!passwords_.verify(std::move(old_password), std::move(phc), std::move(checked)))
      done(refuse(AuthOutcome::overloaded));
  };
  if (!store_.find(who.user, std::move(found))) done(refuse(AuthOutcome::overloaded));
}

void Sessions::swap_password(const Principal& who, Account account, std::string new_password, std::string from,
                             AuthDone done) {
  auto hashed = [this, who, expected = std::move(account.password_hash), from = std::move(from),
                 done](std::string phc) mutable {
    const WallTime now = clock_.wall();
    auto answer = [this, who, done](EpochChange change) {
      if (change.outcome != StoreOutcome::done) return done(refuse(to_auth(change.outcome)));
      put_into_effect(change.account);
      AuthAnswer result = answer_for(change.account);
      add_access_token(result, change.account, who.family);
      done(std::move(result));
    };
    AuditEntry audit{to_string(who.user), "password_changed", to_string(who.user), now, std::move(from), "", ""};
    if (!store_.change_password({who.user, std::move(expected), std::move(phc), who.family, now}, std::move(audit),
                                std::move(answer)))
      done(refuse(AuthOutcome::overloaded));
  };
  if (!passwords_.hash(std::move(new_password), std::move(hashed))) done(refuse(AuthOutcome::overloaded));
}

// --- an administrator's ----------------------------------------------------------------------------------

void Sessions::set_disabled(const Principal& by, UserId user, bool disabled, std::string from, AuthDone done) {
  if (by.user == user) return done(refuse(AuthOutcome::last_admin));
  const WallTime now = clock_.wall();
  AuditEntry audit{to_string(by.user),
                   disabled ? "user_disabled" : "user_enabled",
                   to_string(user),
                   now,
                   std::move(from),
                   "",
                   disabled ? R"({"disabled":true})" : R"({"disabled":false})"};
  if (!store_.set_disabled(user, disabled, now, std::move(audit), apply_change(done)))
    done(refuse(AuthOutcome::overloaded));
}

void Sessions::set_role(const Principal& by, UserId user, Role role, std::string from, AuthDone done) {
  if (by.user == user) return done(refuse(AuthOutcome::last_admin));
  const WallTime now = clock_.wall();
  AuditEntry audit{to_string(by.user), "role_changed", to_string(user), now, std::move(from), "", role_json(role)};
  if (!store_.set_role(user, role, now, std::move(audit), apply_change(done))) done(refuse(AuthOutcome::overloaded));
}

}  // namespace scalemart
