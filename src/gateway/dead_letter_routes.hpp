#pragma once
// /api/admin/queue/dead*: orders that were given up, to be tried again or discarded, one or many.

#include "gateway/queue_routes.hpp"

namespace scalemart {

/// The services outlive the routes.
[[nodiscard]] Routes dead_letter_routes(QueueServices services);

}  // namespace scalemart
