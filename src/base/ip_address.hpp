#pragma once
// Addresses and networks of clients, IPv4 and IPv6 in one 16-byte form (IPv4 as ::ffff:a.b.c.d, RFC 4291
// section 2.5.5.2).

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace scalemart {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const IpAddress&) const = default;
  [[nodiscard]] static IpAddress v4(std::uint32_t host_order);
  /// "192.0.2.1", "2001:db8::1", with or without brackets; no port, no zone, no name.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
  [[nodiscard]] bool is_v4() const;
  [[nodiscard]] bool is_loopback() const;
  /// What limits count by: an IPv4 address, or the /64 an IPv6 customer owns.
  [[nodiscard]] IpAddress limit_key() const;
  [[nodiscard]] std::string text() const;
  /// Well mixed; for hash tables and shards.
  [[nodiscard]] std::uint64_t hash() const;
};

/// A network in CIDR form. An address alone is a network of one.
struct IpNetwork {
  IpAddress base;
  unsigned prefix = 128;  ///< In the 16-byte form: an IPv4 /24 is 120 here.

  [[nodiscard]] static Result<IpNetwork> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& address) const;
};

/// "10.0.0.0/8, ::1": empty text is an empty list.
[[nodiscard]] Result<std::vector<IpNetwork>> parse_networks(std::string_view list);
[[nodiscard]] bool any_contains(std::span<const IpNetwork> networks, const IpAddress& address);

}  // namespace scalemart

template <>
struct std::hash<scalemart::IpAddress> {
  std::size_t operator()(const scalemart::IpAddress& a) const noexcept { return static_cast<std::size_t>(a.hash()); }
};
