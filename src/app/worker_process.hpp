#pragma once
// `scalemart worker`: one worker in a process of its own.

#include "app/config.hpp"
#include "app/programs.hpp"

namespace scalemart {

/// Until SIGTERM or SIGINT, or until it cannot go on; the process's exit code. A second signal ends it at once: that is
/// always safe.
int run_worker(const Config& config, const WorkerOptions& options);

}  // namespace scalemart
