#pragma once
// How many orders a worker may have in hand at a time.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace scalemart {

inline constexpr std::uint32_t kConcurrencyMax = 100'000;

/// A number, or bounds between which the worker finds its own (see scaling.hpp). 0: it takes nothing.
struct Concurrency {
  std::uint32_t min = 0;
  std::uint32_t max = 0;

  constexpr Concurrency() = default;
  constexpr Concurrency(std::uint32_t fixed) : min(fixed), max(fixed) {}  // NOLINT: a number is one
  constexpr Concurrency(std::uint32_t least, std::uint32_t most) : min(least), max(most) {}
  bool operator==(const Concurrency&) const = default;

  [[nodiscard]] constexpr bool is_fixed() const { return min == max; }
  [[nodiscard]] constexpr bool is_valid() const { return min <= max && max <= kConcurrencyMax; }
};

/// "200" or "10..400", at least 1.
[[nodiscard]] std::optional<Concurrency> parse_concurrency(std::string_view text);
[[nodiscard]] std::string to_text(const Concurrency& concurrency);

}  // namespace scalemart
