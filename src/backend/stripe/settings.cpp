#include "backend/stripe/settings.hpp"

#include <curl/curl.h>

#include <charconv>
#include <memory>
#include <set>

namespace scalemart {
namespace {

constexpr std::string_view kScheme = "stripe:";
constexpr std::size_t kConnectionsMax = 1024;

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

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 255 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
             std::string_view::npos;
}

std::string_view set_base(std::string_view value, std::string& base) {
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  constexpr std::string_view kAllowed = "https://host[:port], or http:// to this machine";
  while (value.ends_with('/')) value.remove_suffix(1);
  if (curl_url_set(url.get(), CURLUPART_URL, std::string(value).c_str(), 0) != CURLUE_OK) return kAllowed;
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
  const std::string host = part_of(url.get(), CURLUPART_HOST);
  const bool here = host == "localhost" || host == "[::1]" || host.starts_with("127.");
  const bool bare = part_of(url.get(), CURLUPART_PATH) == "/" && part_of(url.get(), CURLUPART_USER).empty();
  if (!bare || !(scheme == "https" || (scheme == "http" && here))) return kAllowed;
  base = value;
  return "";
}

std::string_view set_connections(std::string_view value, std::size_t& connections) {
  const auto [end, bad] = std::from_chars(value.data(), value.data() + value.size(), connections);
  const bool good =
      bad == std::errc() && end == value.data() + value.size() && connections >= 1 && connections <= kConnectionsMax;
  return good ? "" : "1 to 1024";
}

/// Empty: stored. Otherwise what is allowed.
std::string_view set(StripeSettings& s, std::string_view name, std::string_view value) {
  if (name == "base") return set_base(value, s.base);
  if (name == "payment_method") return s.payment_method = value, is_word(value) ? "" : "an id such as pm_card_visa";
  if (name == "connections") return set_connections(value, s.connections);
  return "base, payment_method or connections";
}

}  // namespace

Result<StripeSettings> parse_stripe(std::string_view text) {
  if (!text.starts_with(kScheme)) return error("Stripe's payment begins with stripe:");
  std::string_view rest = text.substr(kScheme.size());
  StripeSettings settings;
  if (rest.empty()) return settings;
  if (!rest.starts_with('?')) return error("after stripe: comes nothing or ?name=value&...");
  rest.remove_prefix(1);
  std::set<std::string_view> seen;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    // A value may be a key in the wrong place: it is not repeated.
    if (equals == std::string_view::npos) return error("every part is name=value");
    if (!seen.insert(name).second) return error("\"" + std::string(name) + "\" is given twice");
    if (const std::string_view allowed = set(settings, name, pair.substr(equals + 1)); !allowed.empty())
      return error("\"" + std::string(name.substr(0, 40)) + "\": allowed is " + std::string(allowed));
  }
  return settings;
}

bool is_test_key(std::string_view key) {
  return key.starts_with("sk_test_") || key.starts_with("rk_test_");
}

}  // namespace scalemart
