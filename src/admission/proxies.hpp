#pragma once
// Who the client is when proxies stand in front of us.

#include <string_view>
#include <vector>

#include "base/ip_address.hpp"
#include "base/result.hpp"

namespace scalemart {

/// Purpose: a list of networks whose word about the client's address is believed.
/// Rule: walk the chain from our side; the client is the first hop that is not one of ours. What stands left
/// of it was written by that client and means nothing. A peer that is not trusted is the client, whatever it
/// says. Immutable, so thread-safe.
class TrustedProxies {
 public:
  TrustedProxies() = default;
  /// "10.0.0.0/8, 192.0.2.7, 2001:db8::/32"; empty: nobody. The error names the entry.
  [[nodiscard]] static Result<TrustedProxies> parse(std::string_view list);

  [[nodiscard]] bool trusts(const IpAddress& address) const;
  [[nodiscard]] bool empty() const { return networks_.empty(); }
  /// Several header lines are joined with commas before; absent ones are empty. Where both headers are
  /// present and disagree, one of them was written by the client and passed through: then the proxy itself is
  /// answered.
  [[nodiscard]] IpAddress client_of(const IpAddress& peer, std::string_view x_forwarded_for,
                                    std::string_view forwarded) const;

 private:
  template <class Hops>
  [[nodiscard]] IpAddress walk(const IpAddress& peer, const Hops& hops) const;
  std::vector<IpNetwork> networks_;
};

}  // namespace scalemart
