#include "app/rehearse/options.hpp"

#include <algorithm>
#include <charconv>

#include "app/units.hpp"
#include "base/ip_address.hpp"

namespace scalemart::rehearse {

std::string Target::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool Target::is_loopback() const {
  const auto address = IpAddress::parse(host);
  return host == "localhost" || (address && address->is_loopback());
}

Result<Target> parse_target(std::string_view url) {
  const std::string shown(url.substr(0, 100));
  const auto wrong = [&] { return error("\"" + shown + "\" is not allowed; allowed is http://host:port"); };
  if (!url.starts_with("http://")) return wrong();
  url.remove_prefix(7);
  if (url.ends_with('/')) url.remove_suffix(1);
  if (url.find_first_of("/?#@ \r\n") != std::string_view::npos) return wrong();
  Target out;
  const auto bracket = url.rfind(']');
  const auto colon = url.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string_view host = url.substr(0, colon);
  if (colon != std::string_view::npos) {
    const auto port = parse_count(url.substr(colon + 1));
    if (!port || *port == 0 || *port > 65'535) return wrong();
    out.port = static_cast<std::uint16_t>(*port);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return wrong();
  out.host = std::string(host);
  return out;
}

Result<Mix> parse_mix(std::string_view text) {
  const auto wrong = [] { return error("allowed is shoppers=70,refreshers=25,bots=5, with a sum of 100"); };
  Mix mix{0, 0, 0};
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) return wrong();
    const auto share = parse_count(part.substr(equals + 1));
    const auto name = part.substr(0, equals);
    unsigned* const into = name == "shoppers"     ? &mix.shoppers
                           : name == "refreshers" ? &mix.refreshers
                           : name == "bots"       ? &mix.bots
                                                  : nullptr;
    if (into == nullptr || !share || *share > 100) return wrong();
    *into = static_cast<unsigned>(*share);
  }
  if (mix.shoppers + mix.refreshers + mix.bots != 100) return wrong();
  return mix;
}

std::size_t bot_accounts(const Options& options) {
  if (options.mix.bots == 0) return 0;
  return std::clamp<std::size_t>(options.tokens.size() / 2, 1, 5);
}

}  // namespace scalemart::rehearse
