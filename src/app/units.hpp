#pragma once
// Numbers and lists as people write them in settings: 250ms, 10m, 64KiB.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scalemart {

/// Decimal digits only, no sign, no blanks.
[[nodiscard]] std::optional<std::uint64_t> parse_count(std::string_view text);
/// A count with us, ms, s, m, h or d; "0" alone is allowed.
[[nodiscard]] std::optional<std::chrono::microseconds> parse_duration(std::string_view text);
/// A count with B, KiB, MiB or GiB; a count alone is bytes.
[[nodiscard]] std::optional<std::uint64_t> parse_bytes(std::string_view text);
/// In the largest unit that divides it.
[[nodiscard]] std::string show_duration(std::chrono::microseconds value);
[[nodiscard]] std::string show_bytes(std::uint64_t value);
/// Comma separated; blanks around an item do not count, and nothing is no item.
[[nodiscard]] std::vector<std::string> split_list(std::string_view text);

}  // namespace scalemart
