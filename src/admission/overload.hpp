#pragma once
// What a refused client is told about when to come back.

#include <cstdint>

#include "base/random.hpp"

namespace scalemart {

/// 1..3 seconds, uniformly: a crowd refused in one instant must not return in one instant.
[[nodiscard]] inline std::uint32_t jittered_retry_after_seconds(Random& random) {
  return 1 + static_cast<std::uint32_t>(random.below(3));
}

}  // namespace scalemart
