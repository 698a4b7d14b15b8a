#include "admission/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace scalemart {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/// What stands in for the lower half, so that an IPv4 address and a /64 never share a key.
constexpr std::uint64_t kV4Tag = 4ULL << 32;
constexpr std::uint64_t kV6Tag = 6ULL << 32;

std::uint64_t read_big_endian(const std::uint8_t* from, int count) {
  std::uint64_t value = 0;
  for (int i = 0; i < count; ++i) value = (value << 8) | from[i];
  return value;
}

}  // namespace

Address Address::v4(std::uint32_t host_order) {
  Address address;
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
  for (std::size_t i = 0; i < 4; ++i)
    address.bytes[12 + i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  return address;
}

std::optional<Address> Address::parse(std::string_view text) {
  char copy[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof copy || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  in_addr four{};
  if (inet_pton(AF_INET, copy, &four) == 1) return v4(ntohl(four.s_addr));
  Address address;
  if (inet_pton(AF_INET6, copy, address.bytes.data()) == 1) return address;
  return std::nullopt;
}

bool Address::is_v4() const { return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin()); }

bool Address::is_loopback() const {
  if (is_v4()) return bytes[12] == 127;
  return std::all_of(bytes.begin(), bytes.end() - 1, [](std::uint8_t b) { return b == 0; }) && bytes[15] == 1;
}

std::string Address::to_string() const {
  char text[INET6_ADDRSTRLEN];
  if (is_v4()) return inet_ntop(AF_INET, bytes.data() + 12, text, sizeof text);
  return inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
}

LimitKey limit_key(const Address& address) {
  if (address.is_v4()) return {0, kV4Tag | read_big_endian(address.bytes.data() + 12, 4)};
  return {read_big_endian(address.bytes.data(), 8), kV6Tag};
}

LimitKey limit_key_of_text(std::string_view text) {
  const KeyDigest digest = digest_key(text);
  return {digest.hi, digest.lo};
}

}  // namespace scalemart
