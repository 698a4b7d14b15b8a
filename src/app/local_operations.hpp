#pragma once
// Operators' verbs without a server: the store is opened in this process for as long as the command runs.

#include <memory>

#include "app/config.hpp"
#include "app/operations.hpp"

namespace scalemart {

/// cannot_run: the folder cannot be opened, or another process holds it. refused with journal_damaged: it was
/// opened, and what is in it contradicts itself.
[[nodiscard]] Done<std::unique_ptr<Operations>> open_local_operations(const Config& config, bool with_queue);

}  // namespace scalemart
