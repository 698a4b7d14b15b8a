#pragma once
// What a token bucket is kept for.

#include <cstdint>
#include <string_view>

#include "base/ip_address.hpp"
#include "domain/ids.hpp"

namespace scalemart {

/// A user, an address (IPv6: its /64), or a digest of something.
struct LimitKey {
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;
  bool operator==(const LimitKey&) const = default;
};

[[nodiscard]] inline LimitKey limit_key(UserId user) {
  return {user.hi, user.lo};
}
/// One key per IPv4 address, one per IPv6 /64: a household or a server owns a whole /64.
[[nodiscard]] LimitKey limit_key(const IpAddress& address);
/// For the login limit of an account: the normalised e-mail address.
[[nodiscard]] LimitKey limit_key_of_text(std::string_view text);

}  // namespace scalemart
