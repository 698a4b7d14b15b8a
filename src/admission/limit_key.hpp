#pragma once
// What a bucket is kept for: a user, an address (IPv6: its /64), or the account a login names.

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/ip_address.hpp"
#include "domain/ids.hpp"

namespace scalemart {

struct LimitKey {
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;
  bool operator==(const LimitKey&) const = default;
};

[[nodiscard]] inline LimitKey limit_key(UserId user) { return {user.hi, user.lo}; }

/// One key per IPv4 address, one per IPv6 /64: a household or a server owns a whole /64.
[[nodiscard]] inline LimitKey limit_key(const IpAddress& address) {
  const IpAddress owner = address.limit_key();
  LimitKey key;
  std::memcpy(&key.hi, owner.bytes.data(), 8);
  std::memcpy(&key.lo, owner.bytes.data() + 8, 8);
  return key;
}

/// For the login limit of an account: its normalised e-mail address.
[[nodiscard]] inline LimitKey limit_key_of_text(std::string_view text) {
  const KeyDigest digest = digest_key(text);
  return {digest.hi, digest.lo};
}

}  // namespace scalemart
