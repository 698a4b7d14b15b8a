#pragma once
// Small questions about bytes of HTTP messages (RFC 9110 section 5.6, RFC 3986). No locale, no allocation.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace scalemart::text {

[[nodiscard]] constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}
[[nodiscard]] constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_alnum(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z');
}

/// ASCII only; `lower_case` is written in lower case.
[[nodiscard]] constexpr bool iequals(std::string_view text, std::string_view lower_case) {
  if (text.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (lower(text[i]) != lower_case[i]) return false;
  return true;
}

[[nodiscard]] constexpr std::string_view trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

/// What may stand unencoded in a request target: RFC 3986 unreserved, sub-delims, ":@/?%".
[[nodiscard]] bool is_target_char(char c);
/// RFC 9110 token, not empty.
[[nodiscard]] bool is_token(std::string_view s);
/// host[:port] with a registered name, IPv4 address or [IPv6 address]; not empty.
[[nodiscard]] bool is_host(std::string_view s);
/// 1*DIGIT that fits 64 bits, nothing else.
[[nodiscard]] bool parse_decimal(std::string_view s, std::uint64_t& out);
/// Decodes %XX (and '+' as space when `plus` is set) into `out`, which holds at least s.size() bytes.
/// False: a broken escape or an encoded control character.
[[nodiscard]] bool percent_decode(std::string_view s, bool plus, char* out, std::size_t& out_size);
/// A caller's request id that can be logged and echoed: 1..64 of [A-Za-z0-9._-].
[[nodiscard]] bool is_sane_request_id(std::string_view s);

}  // namespace scalemart::text
