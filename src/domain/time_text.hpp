#pragma once
// RFC 3339 instants: "2026-11-27T10:00:00.000Z".

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace scalemart {

/// UTC with milliseconds, 24 characters. Years 1970 to 9999; others are clamped.
[[nodiscard]] std::string to_rfc3339(WallTime time);

/// Any RFC 3339 date-time (T and Z may be lower case, an offset instead of Z, no fraction or up to nine
/// digits, of which three count). Leap seconds and dates that do not exist are refused.
[[nodiscard]] std::optional<WallTime> parse_rfc3339(std::string_view text);

}  // namespace scalemart
