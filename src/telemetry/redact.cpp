#include "telemetry/redact.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace scalemart {

bool names_a_secret(std::string_view field_name) {
  static constexpr std::array<std::string_view, 6> kWords{"password",      "token",  "secret",
                                                          "authorization", "cookie", "api_key"};
  const auto same_letter = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
    return std::search(field_name.begin(), field_name.end(), word.begin(), word.end(), same_letter) != field_name.end();
  });
}

std::string redact_url_credentials(std::string_view text) {
  std::string out;
  for (;;) {
    const auto scheme = text.find("://");
    if (scheme == std::string_view::npos) return out.append(text);
    out.append(text.substr(0, scheme + 3));
    text.remove_prefix(scheme + 3);
    // The authority ends at the first of these; a password may hold an unescaped @, so the last one counts.
    const auto authority = text.substr(0, text.find_first_of("/?# \t\"'"));
    const auto at = authority.rfind('@');
    if (at == std::string_view::npos) continue;
    out.append(kRedacted);
    text.remove_prefix(at);
  }
}

std::string redact_addresses(std::string_view text) {
  // What ends an address in the texts of servers; everything else may belong to it.
  static constexpr std::string_view kEnds = " \t\r\n\"'`<>()[]{},;:|/?&=";
  std::string out;
  for (;;) {
    const auto at = text.find('@');
    if (at == std::string_view::npos) return out.append(text);
    const auto before = text.find_last_of(kEnds, at);
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    const std::size_t end = std::min(text.find_first_of(kEnds, at), text.size());
    if (begin == at || end == at + 1) {  // Nobody's.
      out.append(text.substr(0, at + 1));
      text.remove_prefix(at + 1);
    } else {
      out.append(text.substr(0, begin)).append(kRedacted);
      text.remove_prefix(end);
    }
  }
}

}  // namespace scalemart
