#pragma once
// Bytes as files keep them: little-endian integers, LEB128 varints, length-prefixed text.
//
// The reader is safe on any input: it never reads past the end, never allocates more than the input holds,
// and after the first mistake it only says so (failed()). Varints must be minimal, so that a value has one
// spelling.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/ids.hpp"

namespace scalemart {

static_assert(std::endian::native == std::endian::little, "the formats on disk are little-endian");

using Bytes = std::vector<std::byte>;

namespace wire {

inline constexpr std::size_t kVarintMax = 10;  ///< Bytes of the longest varint.

[[nodiscard]] constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
[[nodiscard]] constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

/// Appends to a buffer. `room(n)` is called before at most n bytes are put; everything else is unchecked and
/// fast.
class Writer {
 public:
  explicit Writer(Bytes& out) : out_(out), size_(out.size()) {}
  ~Writer() { out_.resize(size_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void room(std::size_t bytes) {
    if (out_.size() - size_ < bytes) out_.resize(size_ + bytes + out_.size() / 2);
    at_ = out_.data();
  }
  void u8(std::uint8_t value) { at_[size_++] = static_cast<std::byte>(value); }
  template <class T>
  void fixed(const T& value) {
    std::memcpy(at_ + size_, &value, sizeof value);
    size_ += sizeof value;
  }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) u8(static_cast<std::uint8_t>(value | 0x80));
    u8(static_cast<std::uint8_t>(value));
  }
  void signed_varint(std::int64_t value) { varint(zigzag(value)); }
  template <class Tag>
  void id(Ulid<Tag> value) {
    fixed(value.hi);
    fixed(value.lo);
  }
  /// Makes its own room.
  void text(std::string_view value) {
    room(kVarintMax + value.size());
    varint(value.size());
    if (!value.empty()) std::memcpy(at_ + size_, value.data(), value.size());
    size_ += value.size();
  }

 private:
  Bytes& out_;
  std::size_t size_;  ///< Bytes written; out_ is longer while we write.
  std::byte* at_ = nullptr;
};

class Reader {
 public:
  explicit Reader(std::span<const std::byte> in) : in_(in) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::size_t left() const { return in_.size() - used_; }
  void fail() {
    failed_ = true;
    used_ = in_.size();
  }

  std::uint8_t u8() {
    if (left() < 1) return fail(), std::uint8_t{0};
    return static_cast<std::uint8_t>(in_[used_++]);
  }
  /// A number below `bound`.
  std::uint8_t u8_below(int bound) {
    const std::uint8_t value = u8();
    if (value < bound) return value;
    return fail(), std::uint8_t{0};
  }
  bool flag() { return u8_below(2) != 0; }
  template <class T>
  T fixed() {
    T value{};
    if (left() < sizeof value) return fail(), value;
    std::memcpy(&value, in_.data() + used_, sizeof value);
    used_ += sizeof value;
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = u8();
      if (failed_) return 0;
      if (shift == 63 && byte > 1) break;  // more than 64 bits
      if (shift > 0 && byte == 0) break;   // not minimal
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return fail(), 0;
  }
  std::uint32_t varint32() {
    const std::uint64_t value = varint();
    if (value <= UINT32_MAX) return static_cast<std::uint32_t>(value);
    return fail(), 0;
  }
  std::int64_t signed_varint() { return unzigzag(varint()); }
  template <class Id>
  Id id() {
    const auto hi = fixed<std::uint64_t>();
    const auto lo = fixed<std::uint64_t>();
    return Id{hi, lo};
  }
  /// Borrowed from the input.
  std::string_view text() {
    const std::uint64_t size = varint();
    if (size > left()) return fail(), std::string_view{};
    const std::string_view value(reinterpret_cast<const char*>(in_.data() + used_), static_cast<std::size_t>(size));
    used_ += value.size();
    return value;
  }

 private:
  std::span<const std::byte> in_;
  std::size_t used_ = 0;
  bool failed_ = false;
};

}  // namespace wire
}  // namespace scalemart
