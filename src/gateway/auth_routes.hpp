#pragma once
// /api/auth/*: accounts and logins.

#include "auth/sessions.hpp"
#include "gateway/route.hpp"

namespace scalemart {

/// `sessions` outlives the routes.
[[nodiscard]] Routes auth_routes(Sessions& sessions);

}  // namespace scalemart
