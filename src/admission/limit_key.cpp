#include "admission/limit_key.hpp"

namespace scalemart {
namespace {

/// What stands in for the lower half, so that an IPv4 address and a /64 never share a key.
constexpr std::uint64_t kV4Tag = 4ULL << 32;
constexpr std::uint64_t kV6Tag = 6ULL << 32;

std::uint64_t read_big_endian(const std::uint8_t* from, int count) {
  std::uint64_t value = 0;
  for (int i = 0; i < count; ++i) value = (value << 8) | from[i];
  return value;
}

}  // namespace

LimitKey limit_key(const IpAddress& address) {
  if (address.is_v4()) return {0, kV4Tag | read_big_endian(address.bytes.data() + 12, 4)};
  return {read_big_endian(address.bytes.data(), 8), kV6Tag};
}

LimitKey limit_key_of_text(std::string_view text) {
  const KeyDigest digest = digest_key(text);
  return {digest.hi, digest.lo};
}

}  // namespace scalemart
