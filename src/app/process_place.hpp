#pragma once
// Where this process runs, as the console shows it.

#include "fulfilment/queue_view.hpp"

namespace scalemart {

[[nodiscard]] WorkerPlace process_place();

}  // namespace scalemart
