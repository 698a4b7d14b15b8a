#pragma once
// /api/auth/*: accounts and logins.

#include "admission/limiter.hpp"
#include "auth/sessions.hpp"
#include "gateway/route.hpp"

namespace scalemart {

/// `limiter` counts logins by account; by address the pipeline does. Both outlive the routes.
[[nodiscard]] Routes auth_routes(Sessions& sessions, Limiter& limiter);

}  // namespace scalemart
