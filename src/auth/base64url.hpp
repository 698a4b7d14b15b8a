#pragma once
// base64url without padding (RFC 4648 section 5), one text for one value: what is not canonical is refused.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace scalemart {

[[nodiscard]] std::string base64url_encode(std::string_view bytes);
/// Appends to `out`.
void base64url_append(std::string& out, std::string_view bytes);
/// Refuses padding, other alphabets, impossible lengths and stray bits in the last character. Writes at most
/// `capacity` bytes; returns how many.
[[nodiscard]] std::optional<std::size_t> base64url_decode(std::string_view text, char* out, std::size_t capacity);

}  // namespace scalemart
