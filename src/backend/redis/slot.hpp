#pragma once
// Where a key lives in a cluster (redis.io/docs/reference/cluster-spec).

#include <cstdint>
#include <string_view>

namespace scalemart::redis {

inline constexpr std::uint16_t kSlotCount = 16'384;

/// CRC16-XMODEM of the hash tag, the text between the first { and the next }, or of the whole key.
[[nodiscard]] constexpr std::uint16_t slot_of(std::string_view key) {
  if (const auto open = key.find('{'); open != std::string_view::npos)
    if (const auto close = key.find('}', open + 1); close != std::string_view::npos && close > open + 1)
      key = key.substr(open + 1, close - open - 1);
  std::uint32_t crc = 0;
  for (const char c : key) {
    crc ^= static_cast<std::uint32_t>(static_cast<unsigned char>(c)) << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000u) != 0 ? (crc << 1) ^ 0x1021u : crc << 1;
    crc &= 0xffffu;
  }
  return static_cast<std::uint16_t>(crc % kSlotCount);
}
static_assert(slot_of("123456789") == 0x31c3);  // the specification's own example
static_assert(slot_of("{user1000}.following") == slot_of("user1000"));
static_assert(slot_of("foo{}{bar}") != slot_of("bar"));

}  // namespace scalemart::redis
