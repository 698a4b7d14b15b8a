#pragma once
// ?from=&to= of lists that go by time.

#include <optional>
#include <variant>

#include "base/clock.hpp"
#include "gateway/exchange.hpp"

namespace scalemart {

struct TimeRange {
  std::optional<WallTime> from;  ///< At this time or later.
  std::optional<WallTime> to;    ///< Before this time.
};

/// 422 when one is no instant, or when nothing can be between them.
[[nodiscard]] std::variant<TimeRange, Response> read_time_range(const Exchange& x);

}  // namespace scalemart
