#include "backend/webhook/address_guard.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

namespace scalemart {
namespace {

constexpr std::size_t kUrlMax = 2048;

std::vector<IpNetwork> networks(std::string_view list) {
  return *parse_networks(list);
}

const std::vector<IpNetwork>& special_v4() {
  static const auto list = networks(
      "0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.0.0.0/24, 192.0.2.0/24, "
      "192.88.99.0/24, 192.168.0.0/16, 198.18.0.0/15, 198.51.100.0/24, 203.0.113.0/24, 224.0.0.0/4, 240.0.0.0/4");
  return list;
}
/// Within 2000::/3, which alone is global unicast: protocol assignments and Teredo, documentation, 6to4.
const std::vector<IpNetwork>& special_v6() {
  static const auto list = networks("2001::/23, 2001:db8::/32, 2002::/16, 3fff::/20");
  return list;
}

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  std::string copy = text;
  curl_free(text);
  return copy;
}

}  // namespace

bool is_public(const IpAddress& address) {
  if (address.is_v4()) return !any_contains(special_v4(), address);
  return (address.bytes[0] & 0xe0U) == 0x20 && !any_contains(special_v6(), address);
}

std::optional<std::string> AddressGuard::objection(const IpAddress& address, bool is_https) const {
  if (any_contains(allowed_, address)) return std::nullopt;
  if (!is_public(address))
    return address.text() + " is not a public address, and SCALEMART_WEBHOOK_ALLOW_PRIVATE does not name its network";
  if (!is_https) return address.text() + " would be spoken to without TLS: the URL must begin with https://";
  return std::nullopt;
}

std::optional<std::string> AddressGuard::fault_of_url(const std::string& text) const {
  if (text.size() > kUrlMax) return "the URL is longer than 2048 characters";
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_DISALLOW_USER) != CURLUE_OK)
    return "the URL must be such as https://shop.example/hooks, without a name and password";
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
  if (scheme != "https" && scheme != "http") return "the URL must begin with https://";
  if (scheme == "http" && allowed_.empty())
    return "the URL must begin with https:// (http:// is for networks of SCALEMART_WEBHOOK_ALLOW_PRIVATE)";
  if (!part_of(url.get(), CURLUPART_FRAGMENT).empty()) return "the URL must have no fragment (#)";
  const auto literal = IpAddress::parse(part_of(url.get(), CURLUPART_HOST));
  return literal ? objection(*literal, scheme == "https") : std::nullopt;
}

}  // namespace scalemart
