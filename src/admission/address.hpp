#pragma once
// A client's network address, and the key it is limited by.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/ids.hpp"

namespace scalemart {

/// What a bucket is kept for: a user, an address (IPv6: its /64), or a digest of something.
struct LimitKey {
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;
  bool operator==(const LimitKey&) const = default;
};

[[nodiscard]] inline LimitKey limit_key(UserId user) { return {user.hi, user.lo}; }

/// IPv4 is kept as IPv4-mapped IPv6, so that ::ffff:192.0.2.1 and 192.0.2.1 are one address.
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Address&) const = default;

  [[nodiscard]] static Address v4(std::uint32_t host_order);
  [[nodiscard]] static Address v6(const std::array<std::uint8_t, 16>& network_order) { return {network_order}; }
  /// "192.0.2.1", "2001:db8::1"; no port, no brackets, no zone.
  [[nodiscard]] static std::optional<Address> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const;
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] std::string to_string() const;
};

/// One key per IPv4 address, one per IPv6 /64: a household or a server owns a whole /64.
[[nodiscard]] LimitKey limit_key(const Address& address);
/// For the login limit of an account: the normalised e-mail address.
[[nodiscard]] LimitKey limit_key_of_text(std::string_view text);

}  // namespace scalemart
