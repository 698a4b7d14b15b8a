#include "domain/mail_address.hpp"

#include <algorithm>

namespace scalemart {

bool is_mail_address(std::string_view text) {
  const std::size_t at = text.find('@');
  if (text.size() > 254 || at == 0 || at == std::string_view::npos || at > 64 || at + 1 == text.size()) return false;
  const auto part = [](std::string_view s, std::string_view extra) {
    return !s.starts_with('.') && !s.ends_with('.') && s.find("..") == std::string_view::npos &&
           std::ranges::all_of(s, [extra](char c) {
             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    extra.find(c) != std::string_view::npos;
           });
  };
  return part(text.substr(0, at), ".!#$%&'*+-/=?^_`{|}~") && part(text.substr(at + 1), ".-");
}

}  // namespace scalemart
