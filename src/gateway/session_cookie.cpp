#include "gateway/session_cookie.hpp"

#include <algorithm>

#include "gateway/text.hpp"

namespace scalemart {
namespace {

constexpr std::string_view kPlainName = "scalemart_refresh";
constexpr std::string_view kSecureName = "__Secure-scalemart_refresh";

std::string_view name_of(bool is_secure) {
  return is_secure ? kSecureName : kPlainName;
}

/// "shop.example:443" -> "shop.example" when 443 is what the scheme means anyway.
std::string_view without_default_port(std::string_view host, std::string_view port) {
  return host.ends_with(port) ? host.substr(0, host.size() - port.size()) : host;
}

bool same_text(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return text::lower(x) == text::lower(y); });
}

/// A browser names the page's origin with every POST, and new ones how it is related to us. Others name nothing.
bool is_from_our_page(const Exchange& x) {
  const auto site = x.header("Sec-Fetch-Site");
  if (!site.empty() && site != "same-origin") return false;
  const auto origin = x.header("Origin");
  if (origin.empty()) return true;
  const bool over_tls = origin.starts_with("https://");
  // The other way round is not refused: a proxy in front may speak TLS without our knowing.
  if (!over_tls && (x.is_secure() || !origin.starts_with("http://"))) return false;
  const std::string_view port = over_tls ? ":443" : ":80";
  return same_text(without_default_port(origin.substr(over_tls ? 8 : 7), port),
                   without_default_port(x.header("Host"), port));
}

Response with_cookie(Response response, bool is_secure, std::string_view value, std::chrono::seconds lifetime) {
  std::string line(name_of(is_secure));
  line.append("=").append(value).append("; HttpOnly; SameSite=Strict; Path=/api/auth; Max-Age=");
  line.append(std::to_string(lifetime.count())).append(is_secure ? "; Secure" : "");
  response.add_header("Set-Cookie", line);
  return response;
}

}  // namespace

std::variant<TokenKeeper, Response> token_keeper(const Exchange& x) {
  const auto wanted = x.header("X-Session");
  if (wanted.empty()) return TokenKeeper::client;
  if (wanted != "cookie") return validation_error(R"(["header","X-Session"])", "This can only be: cookie.", "enum");
  if (!is_from_our_page(x)) return error(403, "forbidden", "Pages of other origins may not use this shop's cookie.");
  return TokenKeeper::browser;
}

std::optional<std::string_view> refresh_cookie(const Exchange& x) {
  std::optional<std::string_view> found;
  std::string_view rest = x.header("Cookie");
  while (!rest.empty()) {
    const auto semicolon = rest.find(';');
    const auto pair = text::trim(rest.substr(0, semicolon));
    rest = semicolon == std::string_view::npos ? std::string_view{} : rest.substr(semicolon + 1);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != name_of(x.is_secure())) continue;
    if (found) return std::string_view{};
    found = pair.substr(equals + 1);
  }
  return found;
}

Response with_refresh_cookie(Response response, bool is_secure, std::string_view token, std::chrono::seconds lifetime) {
  return with_cookie(std::move(response), is_secure, token, lifetime);
}

Response without_refresh_cookie(Response response, bool is_secure) {
  return with_cookie(std::move(response), is_secure, "", std::chrono::seconds(0));
}

}  // namespace scalemart
