#pragma once
// /api/admin/audit: who did what, when, from where.

#include "gateway/route.hpp"
#include "port/account_store.hpp"

namespace scalemart {

/// The store outlives the routes.
[[nodiscard]] Routes audit_routes(AccountStore& accounts);

}  // namespace scalemart
