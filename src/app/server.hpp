#pragma once
// `scalemart serve`: everything of one process, composed, started, watched and stopped.

#include <memory>

#include "app/config.hpp"
#include "app/programs.hpp"

namespace scalemart {

/// Runs until SIGTERM or SIGINT; the process's exit code (contract section 3). A second signal ends it at
/// once: that is always safe.
int run_server(const Config& config, const ServeOptions& options);

}  // namespace scalemart
