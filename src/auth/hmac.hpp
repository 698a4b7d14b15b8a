#pragma once
// HMAC-SHA256 (RFC 2104) whose key is absorbed once, so that a token costs its own blocks only.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace scalemart {

class HmacSha256 {
 public:
  using Mac = std::array<unsigned char, 32>;

  explicit HmacSha256(std::string_view key);
  HmacSha256(const HmacSha256&) = default;
  HmacSha256& operator=(const HmacSha256&) = default;
  ~HmacSha256();

  /// Thread-safe.
  [[nodiscard]] Mac of(std::string_view message) const;

 private:
  /// SHA-256's chaining value after one block of (key ^ pad).
  struct Midstate {
    std::array<std::uint32_t, 8> h;
  };
  Midstate inner_;
  Midstate outer_;
};

[[nodiscard]] std::array<std::byte, 32> sha256(std::string_view bytes);

/// Takes the same time whatever differs.
[[nodiscard]] bool same_bytes(const void* a, const void* b, std::size_t size);

}  // namespace scalemart
