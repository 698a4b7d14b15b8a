#pragma once
// `scalemart worker`: one worker in a process of its own.

#include "app/config.hpp"
#include "app/programs.hpp"

namespace scalemart {

/// Until SIGTERM or SIGINT, or until it cannot go on; the process's exit code. Then it ends what it has in hand, for
/// seven seconds or until a second signal, and gives the rest back.
int run_worker(const Config& config, const WorkerOptions& options);

}  // namespace scalemart
