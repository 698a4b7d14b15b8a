#pragma once
// /api/products/* for everybody and /api/admin/products/* for administrators.

#include <functional>

#include "flow/catalogue.hpp"
#include "flow/sale_clock.hpp"
#include "gateway/route.hpp"
#include "port/account_store.hpp"
#include "port/sale_ledger.hpp"

namespace scalemart {

struct ProductServices {
  const Catalogue& catalogue;
  const SaleClock& clock;
  SaleLedger& ledger;
  AccountStore& accounts;  ///< Keeps the audit trail.
};

/// The services outlive the routes.
[[nodiscard]] Routes product_routes(ProductServices services);

}  // namespace scalemart
