#pragma once
// How the answers of the store and the password rules become answers of Sessions. Private to auth/.

#include <string>

#include "auth/sessions.hpp"

namespace scalemart {

[[nodiscard]] AuthAnswer refuse(AuthOutcome outcome);
[[nodiscard]] AuthOutcome to_auth(StoreOutcome outcome);
[[nodiscard]] AuthOutcome to_auth(PasswordFault fault);
[[nodiscard]] AuthOutcome to_auth(RotateOutcome outcome);
[[nodiscard]] std::string role_json(Role role);

}  // namespace scalemart
