#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string_view>

namespace scalemart {

/// ISO 4217, three capital letters.
struct Currency {
  std::array<char, 3> code{'E', 'U', 'R'};
  auto operator<=>(const Currency&) const = default;
  [[nodiscard]] std::string_view text() const { return {code.data(), 3}; }
};

/// Amounts are integers in minor units (cents); at most 10^12 for a unit price, so that price x quantity
/// always fits 64 bits.
using MinorUnits = std::int64_t;
inline constexpr MinorUnits kPriceMax = 1'000'000'000'000;

}  // namespace scalemart
