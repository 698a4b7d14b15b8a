#pragma once
// Access tokens: JWT (RFC 7519) signed with HS256 and nothing else, checked after RFC 8725, `typ` of RFC
// 9068.
//
// Header, these three members only: alg "HS256", typ "at+jwt", kid (names one of our own keys).
// Claims, all required:            iss "scalemart", aud "shop", sub (user, ULID), exp, iat (seconds,
// integers),
//                                  role "buyer"|"admin", fam (login, ULID), epoch (the account's, integer).
// nbf is honoured when present; other claims are ignored if they are strings, integers, true, false or null.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "auth/keys.hpp"
#include "auth/revocations.hpp"
#include "base/clock.hpp"
#include "domain/principal.hpp"

namespace scalemart {

inline constexpr std::size_t kTokenBytesMax = 4096;
inline constexpr std::size_t kTokenHeaderBytesMax = 1024;  ///< Of the encoded header.
inline constexpr std::chrono::seconds kTokenLeeway{30};    ///< For iat and nbf; exp has none.
/// No token lives longer, whoever signed it: a revocation is forgotten after that time.
inline constexpr std::chrono::seconds kTokenLifetimeMax = std::chrono::hours(24);

enum class TokenError : std::uint8_t {
  invalid,
  expired,  ///< Genuine, but its time is over.
};

using Verified = std::variant<Principal, TokenError>;

/// What the signer states about a user.
struct TokenClaims {
  UserId user;
  FamilyId family;
  Role role = Role::buyer;
  std::uint32_t epoch = 0;
};

/// Makes tokens with the current key. Thread-safe.
class TokenSigner {
 public:
  explicit TokenSigner(const KeyRing& keys) : keys_(keys) {}
  /// `lifetime` is cut to kTokenLifetimeMax; whole seconds.
  [[nodiscard]] std::string sign(const TokenClaims& claims, WallTime now, std::chrono::seconds lifetime) const;
  /// What only the holder of the current key can make of `message`; the same every time. `purpose` keeps the uses
  /// apart, and from tokens, which begin with a header.
  [[nodiscard]] HmacSha256::Mac derive(std::string_view purpose, std::string_view message) const;

 private:
  const KeyRing& keys_;
};

/// Purpose: checks access tokens at the cost of a memory compare when it has seen them before.
/// Operation: a direct-mapped table of verified tokens, compared byte for byte; expiry and revocation are
/// checked every time; a change of keys empties it. Only genuine tokens enter, so strangers cannot fill it.
/// Concurrency: one object per thread (per event loop). Keys and revocations may be shared by all.
class TokenVerifier {
 public:
  static constexpr std::size_t kCacheEntriesDefault = 65'536;  ///< 384 bytes each, touched only when used.

  /// cache_entries: a power of two, or 0 for no cache.
  TokenVerifier(const KeyRing& keys, const Revocations& revocations, std::size_t cache_entries = kCacheEntriesDefault);
  ~TokenVerifier();
  TokenVerifier(const TokenVerifier&) = delete;
  TokenVerifier& operator=(const TokenVerifier&) = delete;

  /// `token` as it stands after "Bearer ". Never throws.
  [[nodiscard]] Verified verify(std::string_view token, WallTime now) noexcept;

 private:
  class Cache;
  [[nodiscard]] Verified judge(const TokenClaims& claims, std::int64_t expires_s, WallTime now) const noexcept;
  const KeyRing& keys_;
  const Revocations& revocations_;
  std::uint64_t keys_version_ = 0;
  std::shared_ptr<const KeySet> key_set_;
  std::unique_ptr<Cache> cache_;
};

}  // namespace scalemart
