#pragma once
// /api/admin/queue* and /api/admin/workers*: the order queue and who works on it.

#include <functional>
#include <vector>

#include "fulfilment/dispatcher.hpp"
#include "fulfilment/worker.hpp"
#include "gateway/route.hpp"
#include "port/account_store.hpp"

namespace scalemart {

struct QueueServices {
  FulfilmentLoop& loop;
  Dispatcher& dispatcher;
  std::vector<Worker*> workers;
  OrderBook& orders;
  AccountStore& accounts;  ///< Keeps the audit trail.
  const Clock& clock;
};

/// The services outlive the routes.
[[nodiscard]] Routes queue_routes(QueueServices services);

/// The queue as GET /api/admin/queue shows it.
[[nodiscard]] boost::json::object render_queue(const QueueView& view, WallTime now);

}  // namespace scalemart
