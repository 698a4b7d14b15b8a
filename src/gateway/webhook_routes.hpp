#pragma once
// /api/admin/webhooks*: who is told of orders and stock.

#include "base/task_pool.hpp"
#include "gateway/route.hpp"
#include "port/webhooks.hpp"

namespace scalemart {

struct WebhookServices {
  Webhooks& webhooks;
  TaskPool& pool;  ///< Its own: a test waits for a stranger's answer.
};

/// The services outlive the routes.
[[nodiscard]] Routes webhook_routes(WebhookServices services);

}  // namespace scalemart
