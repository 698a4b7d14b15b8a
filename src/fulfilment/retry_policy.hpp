#pragma once
// When a failed step is tried again, and when it is given up.

#include <chrono>
#include <cstdint>

#include "base/random.hpp"

namespace scalemart {

/// Exponential backoff with full jitter: uniform in [floor, min(cap, base * 2^(attempt-1))], so that what
/// failed together does not come back together. Source: "Exponential Backoff And Jitter", AWS Architecture
/// Blog, 2015.
struct RetryPolicy {
  std::chrono::nanoseconds base = std::chrono::seconds(1);
  std::chrono::nanoseconds cap = std::chrono::minutes(15);
  std::chrono::nanoseconds floor = std::chrono::milliseconds(50);
  std::uint16_t attempts_max = 12;  ///< With that many failures the order goes to the dead letters.

  [[nodiscard]] bool gives_up_after(std::uint16_t attempts) const { return attempts >= attempts_max; }
  /// The wait after the attempt-th failure, attempt >= 1.
  [[nodiscard]] std::chrono::nanoseconds delay(std::uint16_t attempt, Random& random) const;
};

}  // namespace scalemart
