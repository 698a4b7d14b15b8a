#pragma once
// /api/admin/queue and /api/admin/workers*: the order queue and who works on it.

#include "flow/catalogue.hpp"
#include "fulfilment/desk.hpp"
#include "gateway/route.hpp"
#include "port/account_store.hpp"

namespace scalemart {

struct QueueServices {
  FulfilmentDesk& fulfilment;
  const Catalogue& catalogue;
  OrderBook& orders;
  AccountStore& accounts;  ///< Keeps the audit trail.
  const Clock& clock;
};

/// The services outlive the routes.
[[nodiscard]] Routes queue_routes(QueueServices services);

}  // namespace scalemart
