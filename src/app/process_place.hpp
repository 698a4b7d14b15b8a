#pragma once
// Where this process runs, as the console shows it.

#include "fulfilment/queue_view.hpp"

namespace scalemart {

[[nodiscard]] WorkerPlace process_place();
/// HOST-PID, in letters that a worker's name may have; short enough for something to follow.
[[nodiscard]] std::string process_name();

}  // namespace scalemart
