#pragma once
// Where requests of ours may go when somebody else chose the address.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.hpp"
#include "base/result.hpp"

namespace scalemart {

/// Globally reachable unicast, after the IANA special-purpose address registries (RFC 6890): not this machine, not a
/// private network, not a link, not a tunnel to one, no multicast.
[[nodiscard]] bool is_public(const IpAddress& address);

/// Purpose: keeps webhooks from being a way into the network the shop stands in. Asked for the address that is really
/// connected to, so that a name which answers differently a moment later gains nothing. `allowed`: networks of our
/// own, by SCALEMART_WEBHOOK_ALLOW_PRIVATE; there plain http is fine too.
class AddressGuard {
 public:
  explicit AddressGuard(std::vector<IpNetwork> allowed) : allowed_(std::move(allowed)) {}
  /// Why not; nothing: it may be connected to.
  [[nodiscard]] std::optional<std::string> objection(const IpAddress& address, bool is_https) const;
  /// What is wrong with an endpoint's URL before any name is looked up; nothing: it can be tried.
  [[nodiscard]] std::optional<std::string> fault_of_url(const std::string& url) const;

 private:
  const std::vector<IpNetwork> allowed_;
};

}  // namespace scalemart
