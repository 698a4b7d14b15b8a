#pragma once
// Identities as types, so that an order can never be taken for a buyer.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace scalemart {

/// A ULID: 48 bits of milliseconds, 80 bits of chance. Text form: 26 characters of Crockford's base 32.
/// Source: github.com/ulid/spec.
template <class Tag>
struct Ulid {
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;

  static constexpr std::size_t kTextLength = 26;
  auto operator<=>(const Ulid&) const = default;
  [[nodiscard]] bool empty() const { return hi == 0 && lo == 0; }
};

struct OrderTag;
struct UserTag;
struct FamilyTag;
using OrderId = Ulid<OrderTag>;
using UserId = Ulid<UserTag>;
using FamilyId = Ulid<FamilyTag>;  ///< A refresh family: one login on one device.

namespace detail {
void ulid_write(std::uint64_t hi, std::uint64_t lo, char* out26);
bool ulid_read(std::string_view text, std::uint64_t& hi, std::uint64_t& lo);
}  // namespace detail

template <class Tag>
void write_text(Ulid<Tag> id, char* out26) {
  detail::ulid_write(id.hi, id.lo, out26);
}

template <class Tag>
[[nodiscard]] std::string to_string(Ulid<Tag> id) {
  std::string text(26, '0');
  detail::ulid_write(id.hi, id.lo, text.data());
  return text;
}

/// Accepts exactly 26 characters, lower case too; nullopt for anything else.
template <class Id>
[[nodiscard]] std::optional<Id> parse_ulid(std::string_view text) {
  Id id;
  if (!detail::ulid_read(text, id.hi, id.lo)) return std::nullopt;
  return id;
}

template <class Id>
[[nodiscard]] Id new_ulid(WallTime now, Random& random) {
  const std::uint64_t low16 = random.next() & 0xffff;
  return Id{(static_cast<std::uint64_t>(now.ms) << 16) | low16, random.next()};
}

/// What a product is called in URLs: [a-z0-9][a-z0-9-]{0,63}.
[[nodiscard]] bool is_product_slug(std::string_view text);

/// A product's place in the ledger: dense, given in order of creation, never reused.
enum class ProductRef : std::uint32_t {};
[[nodiscard]] constexpr std::uint32_t index_of(ProductRef ref) {
  return static_cast<std::uint32_t>(ref);
}

/// Position in the journal: 1 for the first record, dense.
using Sequence = std::uint64_t;

/// An idempotency key as the ledger keeps it: the first 16 bytes of its SHA-256. All zero: none was given.
struct KeyDigest {
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;
  auto operator<=>(const KeyDigest&) const = default;
  [[nodiscard]] bool empty() const { return hi == 0 && lo == 0; }
};
[[nodiscard]] KeyDigest digest_key(std::string_view idempotency_key);

}  // namespace scalemart

template <class Tag>
struct std::hash<scalemart::Ulid<Tag>> {
  std::size_t operator()(const scalemart::Ulid<Tag>& id) const noexcept {
    // The low word is random for ids we make; mixing covers the rest.
    return static_cast<std::size_t>((id.lo ^ (id.hi * 0x9e3779b97f4a7c15ULL)) * 0xbf58476d1ce4e5b9ULL);
  }
};
