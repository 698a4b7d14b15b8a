#include "admission/proxies.hpp"

#include <algorithm>
#include <optional>

namespace scalemart {
namespace {

constexpr std::size_t kHopsMax = 32;  ///< Longer chains are cut on the far side.

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]", "[2001:db8::1]:80", "2001:db8::1".
std::optional<IpAddress> parse_hop(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return std::nullopt;
    return IpAddress::parse(text.substr(1, close - 1));
  }
  if (std::count(text.begin(), text.end(), ':') == 1) text = text.substr(0, text.find(':'));
  return IpAddress::parse(text);
}

/// The `for` of one element of Forwarded (RFC 7239): key=value pairs, values may be quoted.
std::string_view forwarded_for(std::string_view element) {
  while (!element.empty()) {
    const std::size_t semicolon = element.find(';');
    const std::string_view pair = trim(element.substr(0, semicolon));
    if (pair.size() >= 4 && (pair[0] | 32) == 'f' && (pair[1] | 32) == 'o' && (pair[2] | 32) == 'r' && pair[3] == '=') {
      std::string_view value = pair.substr(4);
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
      return value;
    }
    if (semicolon == std::string_view::npos) break;
    element.remove_prefix(semicolon + 1);
  }
  return {};
}

/// Calls visit(element) from the right until it says stop.
template <class Visit>
void each_from_right(std::string_view list, Visit visit) {
  for (std::size_t hops = 0; hops < kHopsMax; ++hops) {
    const std::size_t comma = list.rfind(',');
    const bool last = comma == std::string_view::npos;
    if (!visit(trim(last ? list : list.substr(comma + 1))) || last) return;
    list = list.substr(0, comma);
  }
}

}  // namespace

Result<TrustedProxies> TrustedProxies::parse(std::string_view list) {
  auto networks = parse_networks(list);
  if (!networks)
    return error(networks.error().message +
                 "; allowed are addresses and networks like 10.0.0.0/8 or 2001:db8::/32, separated by commas");
  TrustedProxies proxies;
  proxies.networks_ = std::move(*networks);
  return proxies;
}

bool TrustedProxies::trusts(const IpAddress& address) const {
  return any_contains(networks_, address);
}

template <class Hops>
IpAddress TrustedProxies::walk(const IpAddress& peer, const Hops& hops) const {
  IpAddress client = peer;
  hops([&](std::optional<IpAddress> hop) {
    if (!hop) return false;  // "unknown", an obfuscated name or rubbish: the last address we know it came through
    client = *hop;
    return trusts(*hop);
  });
  return client;
}

IpAddress TrustedProxies::client_of(const IpAddress& peer, std::string_view x_forwarded_for,
                                    std::string_view forwarded) const {
  if (networks_.empty() || !trusts(peer)) return peer;
  const auto by_x_forwarded_for = [&](auto visit) {
    each_from_right(x_forwarded_for, [&](std::string_view element) { return visit(parse_hop(element)); });
  };
  const auto by_forwarded = [&](auto visit) {
    each_from_right(forwarded, [&](std::string_view element) { return visit(parse_hop(forwarded_for(element))); });
  };
  if (forwarded.empty()) return x_forwarded_for.empty() ? peer : walk(peer, by_x_forwarded_for);
  const IpAddress client = walk(peer, by_forwarded);
  if (!x_forwarded_for.empty() && walk(peer, by_x_forwarded_for) != client) return peer;
  return client;
}

}  // namespace scalemart
