#include "gateway/text.hpp"

#include <array>
#include <limits>

#include "base/ip_address.hpp"

namespace scalemart::text {
namespace {

constexpr std::array<bool, 256> table(std::string_view extra) {
  std::array<bool, 256> t{};
  for (int c = 0; c < 128; ++c) t[static_cast<std::size_t>(c)] = is_alnum(static_cast<char>(c));
  for (const char c : extra) t[static_cast<unsigned char>(c)] = true;
  return t;
}
constexpr auto kTarget = table("-._~!$&'()*+,;=:@/?%");
constexpr auto kToken = table("!#$%&'*+-.^_`|~");
constexpr auto kRegName = table("-._~!$&'()*+,;=%");

constexpr bool in(const std::array<bool, 256>& t, char c) {
  return t[static_cast<unsigned char>(c)];
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

}  // namespace

bool is_target_char(char c) {
  return in(kTarget, c);
}

bool is_token(std::string_view s) {
  for (const char c : s)
    if (!in(kToken, c)) return false;
  return !s.empty();
}

bool is_host(std::string_view s) {
  if (s.empty() || s.size() > 255) return false;
  std::size_t name_end = 0;
  if (s.front() == '[') {
    const auto bracket = s.find(']');
    if (bracket == std::string_view::npos) return false;
    const auto literal = IpAddress::parse(s.substr(1, bracket - 1));
    if (!literal || s.substr(1, bracket - 1).find(':') == std::string_view::npos) return false;
    name_end = bracket + 1;
  } else {
    while (name_end < s.size() && in(kRegName, s[name_end])) ++name_end;
    if (name_end == 0) return false;
  }
  if (name_end == s.size()) return true;
  if (s[name_end] != ':' || s.size() - name_end > 6) return false;
  for (const char c : s.substr(name_end + 1))
    if (!is_digit(c)) return false;
  return true;
}

bool parse_decimal(std::string_view s, std::uint64_t& out) {
  constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
  if (s.empty()) return false;
  std::uint64_t v = 0;
  for (const char c : s) {
    if (!is_digit(c)) return false;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (v > (kMax - digit) / 10) return false;
    v = v * 10 + digit;
  }
  out = v;
  return true;
}

bool percent_decode(std::string_view s, bool plus, char* out, std::size_t& out_size) {
  char* to = out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    char c = s[i];
    if (c == '%') {
      if (i + 2 >= s.size()) return false;
      const int hi = hex_value(s[i + 1]);
      const int lo = hex_value(s[i + 2]);
      if (hi < 0 || lo < 0) return false;
      c = static_cast<char>(hi * 16 + lo);
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
      i += 2;
    } else if (plus && c == '+') {
      c = ' ';
    }
    *to++ = c;
  }
  out_size = static_cast<std::size_t>(to - out);
  return true;
}

bool is_sane_request_id(std::string_view s) {
  if (s.empty() || s.size() > 64) return false;
  for (const char c : s)
    if (!is_alnum(c) && c != '.' && c != '_' && c != '-') return false;
  return true;
}

}  // namespace scalemart::text
