#include "auth/email.hpp"

#include <algorithm>

namespace scalemart {
namespace {

/// Also U+0080 to U+009F (in UTF-8: C2 80 to C2 9F), of which U+009B begins a terminal's commands.
bool has_control(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> normalise_email(std::string_view text) {
  if (text.size() < 3 || text.size() > 254) return std::nullopt;
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == text.size() ||
      text.find('@', at + 1) != std::string_view::npos)
    return std::nullopt;
  std::string email(text);
  for (char& c : email) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f) return std::nullopt;
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 32);
  }
  return email;
}

bool is_person_name(std::string_view text) {
  const auto characters =
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
  return characters <= 100 && text.size() <= 400 && !has_control(text);
}

}  // namespace scalemart
