#pragma once
// `scalemart queue watch`.

#include <chrono>
#include <cstdint>

#include "app/command.hpp"

namespace scalemart {

struct WatchOptions {
  std::chrono::microseconds every = std::chrono::seconds(1);
  std::uint64_t count = 0;  ///< Looks; 0: no end.
};

/// The exit code. A server that goes away is waited for: only the first look must succeed.
[[nodiscard]] int watch_queue(CommandContext& context, const WatchOptions& options);

}  // namespace scalemart
