#pragma once
// Text that every database can hold.

#include <string>
#include <string_view>

namespace scalemart {

/// Valid UTF-8 without NUL.
[[nodiscard]] bool is_plain_utf8(std::string_view text);
/// The text with every byte that does not belong replaced by '?'.
[[nodiscard]] std::string as_plain_utf8(std::string_view text);

}  // namespace scalemart
