#pragma once
// Ids and digests as accounts.db keeps them.

#include <array>
#include <cstring>
#include <span>

#include "base/check.hpp"
#include "port/account_store.hpp"

namespace scalemart {

/// A ULID as 16 bytes, so that blobs sort as ids do.
template <class Id>
class IdBytes {
 public:
  explicit IdBytes(Id id) {
    for (std::size_t i = 0; i < 8; ++i) {
      bytes_[i] = static_cast<std::byte>(id.hi >> (56 - 8 * i));
      bytes_[8 + i] = static_cast<std::byte>(id.lo >> (56 - 8 * i));
    }
  }
  operator std::span<const std::byte>() const { return bytes_; }

 private:
  std::array<std::byte, 16> bytes_{};
};

template <class Id>
Id read_id(std::span<const std::byte> bytes) {
  SCALEMART_CHECK(bytes.size() == 16);
  Id id;
  for (std::size_t i = 0; i < 8; ++i) {
    id.hi = id.hi << 8 | std::to_integer<std::uint64_t>(bytes[i]);
    id.lo = id.lo << 8 | std::to_integer<std::uint64_t>(bytes[8 + i]);
  }
  return id;
}

inline Digest256 digest_from(std::span<const std::byte> bytes) {
  SCALEMART_CHECK(bytes.size() == sizeof(Digest256));
  Digest256 digest;
  std::memcpy(digest.data(), bytes.data(), digest.size());
  return digest;
}

}  // namespace scalemart
