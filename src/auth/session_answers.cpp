#include "auth/session_answers.hpp"

#include <array>

namespace scalemart {

std::string_view to_text(AuthOutcome outcome) {
  constexpr std::array<std::string_view, kAuthOutcomeCount> kNames{
      "done",          "invalid_credentials", "email_taken",   "invalid_email", "invalid_name", "password_length",
      "weak_password", "invalid_token",       "token_expired", "token_reused",  "not_found",    "last_admin",
      "overloaded",    "read_only",           "unavailable"};
  return kNames.at(static_cast<std::size_t>(outcome));
}

AuthAnswer refuse(AuthOutcome outcome) {
  AuthAnswer answer;
  answer.outcome = outcome;
  return answer;
}

AuthOutcome to_auth(StoreOutcome outcome) {
  switch (outcome) {
    case StoreOutcome::done:
      return AuthOutcome::done;
    case StoreOutcome::not_found:
      return AuthOutcome::not_found;
    case StoreOutcome::email_taken:
      return AuthOutcome::email_taken;
    case StoreOutcome::stale:
      return AuthOutcome::overloaded;  // somebody was faster; another try sees it
    case StoreOutcome::no_space:
      return AuthOutcome::read_only;
    case StoreOutcome::unavailable:
      return AuthOutcome::unavailable;
  }
  return AuthOutcome::overloaded;
}

AuthOutcome to_auth(PasswordFault fault) {
  switch (fault) {
    case PasswordFault::none:
      return AuthOutcome::done;
    case PasswordFault::too_short:
    case PasswordFault::too_long:
      return AuthOutcome::password_length;
    case PasswordFault::common:
    case PasswordFault::same_as_email:
      return AuthOutcome::weak_password;
  }
  return AuthOutcome::weak_password;
}

AuthOutcome to_auth(RotateOutcome outcome) {
  switch (outcome) {
    case RotateOutcome::rotated:
      return AuthOutcome::done;
    case RotateOutcome::expired:
      return AuthOutcome::token_expired;
    case RotateOutcome::reused:
      return AuthOutcome::token_reused;
    case RotateOutcome::no_space:
      return AuthOutcome::read_only;
    case RotateOutcome::unavailable:
      return AuthOutcome::unavailable;
    case RotateOutcome::unknown:
    case RotateOutcome::revoked:
    case RotateOutcome::disabled:
      return AuthOutcome::invalid_token;
  }
  return AuthOutcome::invalid_token;
}

std::string role_json(Role role) {
  return R"({"role":")" + std::string(to_text(role)) + "\"}";
}

}  // namespace scalemart
