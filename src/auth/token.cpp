#include "auth/token.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <type_traits>

#include "auth/base64url.hpp"
#include "auth/flat_json.hpp"
#include "base/check.hpp"
#include "base/zeroed_array.hpp"

namespace scalemart {
namespace {

constexpr std::string_view kIssuer = "scalemart";
constexpr std::string_view kAudience = "shop";
constexpr std::string_view kType = "at+jwt";
constexpr std::size_t kMacText = 43;

std::int64_t floor_seconds(WallTime t) {
  return t.ms / 1000 - (t.ms % 1000 < 0 ? 1 : 0);
}

void append_number(std::string& out, std::int64_t value) {
  char digits[24];
  const auto [end, fault] = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, end);
}

template <class Id>
void append_id(std::string& out, Id id) {
  char text[Id::kTextLength];
  write_text(id, text);
  out.append(text, sizeof text);
}

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_text;  ///< header '.' payload
};

std::optional<Parts> split(std::string_view token) {
  if (token.size() > kTokenBytesMax) return std::nullopt;
  const std::size_t first = token.find('.');
  if (first == std::string_view::npos || first > kTokenHeaderBytesMax) return std::nullopt;
  const std::size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  Parts parts{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1),
              token.substr(0, second)};
  if (parts.signature.size() != kMacText) return std::nullopt;
  return parts;
}

/// The key a header names; nullptr unless the header has our three members and no other.
const SigningKey* key_of(std::string_view encoded, const KeySet& keys) {
  // What we signed ourselves needs no parsing.
  if (encoded == keys.current.encoded_header) return &keys.current;
  if (keys.previous && encoded == keys.previous->encoded_header) return &*keys.previous;
  char text[kTokenHeaderBytesMax];
  const auto size = base64url_decode(encoded, text, sizeof text);
  if (!size) return nullptr;
  const auto header = FlatJson::parse({text, *size});
  // jku, jwk, x5u, x5c, crit, b64, zip: whatever else is there asks for something we do not do.
  if (!header || header->size() != 3) return nullptr;
  if (header->string("alg") != "HS256" || header->string("typ") != kType) return nullptr;
  const auto kid = header->string("kid");
  return kid ? keys.find(*kid) : nullptr;
}

struct Checked {
  TokenClaims claims;
  std::int64_t begins = 0;  ///< The later of iat and nbf.
  std::int64_t expires = 0;
};

std::optional<Checked> read_claims(std::string_view payload) {
  char text[kTokenBytesMax];
  const auto size = base64url_decode(payload, text, sizeof text);
  if (!size) return std::nullopt;
  const auto json = FlatJson::parse({text, *size});
  if (!json || json->string("iss") != kIssuer || json->string("aud") != kAudience) return std::nullopt;
  const auto subject = json->string("sub"), family = json->string("fam"), role_text = json->string("role");
  const auto expires = json->integer("exp"), issued = json->integer("iat"), epoch = json->integer("epoch");
  if (!subject || !family || !role_text || !expires || !issued || !epoch) return std::nullopt;
  const auto user = parse_ulid<UserId>(*subject);
  const auto login = parse_ulid<FamilyId>(*family);
  const auto role = parse_role(*role_text);
  if (!user || !login || !role || *epoch < 0 || *epoch > UINT32_MAX) return std::nullopt;
  if (*issued < 0 || *expires <= *issued || *expires - *issued > kTokenLifetimeMax.count()) return std::nullopt;
  std::int64_t begins = *issued;
  if (json->find("nbf") != nullptr) {
    const auto not_before = json->integer("nbf");
    if (!not_before) return std::nullopt;
    begins = std::max(begins, *not_before);
  }
  return Checked{{*user, *login, *role, static_cast<std::uint32_t>(*epoch)}, begins, *expires};
}

}  // namespace

std::string TokenSigner::sign(const TokenClaims& claims, WallTime now, std::chrono::seconds lifetime) const {
  const std::int64_t issued = floor_seconds(now);
  const std::int64_t expires = issued + std::clamp(lifetime, std::chrono::seconds(1), kTokenLifetimeMax).count();
  std::string payload;
  payload.reserve(192);
  payload.append(R"({"iss":")").append(kIssuer).append(R"(","aud":")").append(kAudience).append(R"(","sub":")");
  append_id(payload, claims.user);
  payload.append(R"(","exp":)");
  append_number(payload, expires);
  payload.append(R"(,"iat":)");
  append_number(payload, issued);
  payload.append(R"(,"role":")").append(to_text(claims.role)).append(R"(","fam":")");
  append_id(payload, claims.family);
  payload.append(R"(","epoch":)");
  append_number(payload, claims.epoch);
  payload.push_back('}');

  const auto keys = keys_.get();
  std::string token;
  token.reserve(keys->current.encoded_header.size() + payload.size() * 4 / 3 + kMacText + 6);
  token.append(keys->current.encoded_header).push_back('.');
  base64url_append(token, payload);
  const HmacSha256::Mac mac = keys->current.mac.of(token);
  token.push_back('.');
  base64url_append(token, {reinterpret_cast<const char*>(mac.data()), mac.size()});
  return token;
}

HmacSha256::Mac TokenSigner::derive(std::string_view purpose, std::string_view message) const {
  std::string text("scalemart ");
  text.append(purpose).push_back('\0');
  text.append(message);
  return keys_.get()->current.mac.of(text);
}

class TokenVerifier::Cache {
 public:
  struct Slot {
    static constexpr std::size_t kTextMax = 336;
    UserId user;
    FamilyId family;
    std::uint32_t expires_s;
    std::uint32_t epoch;
    std::uint32_t generation;  ///< 0: never used; another than the cache's: of a key set that is gone.
    std::uint16_t size;
    Role role;
    char text[kTextMax];
  };
  static_assert(sizeof(Slot) == 384 && std::is_trivially_copyable_v<Slot>);

  explicit Cache(std::size_t entries) : mask_(entries - 1), slots_(entries) { SCALEMART_CHECK((entries & mask_) == 0); }

  [[nodiscard]] const Slot* find(std::string_view token) const noexcept {
    if (token.size() < kMacText || token.size() > Slot::kTextMax) return nullptr;
    const Slot& slot = slots_[index(token)];
    if (slot.size != token.size() || slot.generation != generation_) return nullptr;
    return std::memcmp(slot.text, token.data(), token.size()) == 0 ? &slot : nullptr;
  }

  void insert(std::string_view token, const Checked& checked) noexcept {
    if (token.size() > Slot::kTextMax || checked.expires > UINT32_MAX) return;
    Slot& slot = slots_[index(token)];
    slot.user = checked.claims.user;
    slot.family = checked.claims.family;
    slot.expires_s = static_cast<std::uint32_t>(checked.expires);
    slot.epoch = checked.claims.epoch;
    slot.generation = generation_;
    slot.size = static_cast<std::uint16_t>(token.size());
    slot.role = checked.claims.role;
    std::memcpy(slot.text, token.data(), token.size());
  }

  void forget_all() noexcept { ++generation_; }

 private:
  /// The signature's characters are as good as random.
  [[nodiscard]] std::size_t index(std::string_view token) const noexcept {
    std::uint64_t bits = 0;
    std::memcpy(&bits, token.data() + token.size() - 24, sizeof bits);
    return static_cast<std::size_t>((bits * 0x9e3779b97f4a7c15ULL) >> 32) & mask_;
  }

  const std::size_t mask_;
  std::uint32_t generation_ = 1;
  ZeroedArray<Slot> slots_;
};

TokenVerifier::TokenVerifier(const KeyRing& keys, const Revocations& revocations, std::size_t cache_entries)
    : keys_(keys), revocations_(revocations) {
  if (cache_entries > 0) cache_ = std::make_unique<Cache>(cache_entries);
}

TokenVerifier::~TokenVerifier() = default;

Verified TokenVerifier::verify(std::string_view token, WallTime now) noexcept {
  if (const std::uint64_t version = keys_.version(); version != keys_version_) {
    key_set_ = keys_.get();
    keys_version_ = version;
    if (cache_) cache_->forget_all();
  }
  if (cache_) {
    if (const Cache::Slot* slot = cache_->find(token))
      return judge({slot->user, slot->family, slot->role, slot->epoch}, slot->expires_s, now);
  }
  const auto parts = split(token);
  const SigningKey* key = parts ? key_of(parts->header, *key_set_) : nullptr;
  if (key == nullptr) return TokenError::invalid;
  HmacSha256::Mac presented;
  const auto size = base64url_decode(parts->signature, reinterpret_cast<char*>(presented.data()), presented.size());
  const HmacSha256::Mac expected = key->mac.of(parts->signed_text);
  if (size != expected.size() || !same_bytes(presented.data(), expected.data(), expected.size()))
    return TokenError::invalid;
  // Only what one of our keys signed is parsed.
  const auto checked = read_claims(parts->payload);
  if (!checked || checked->begins > floor_seconds(now) + kTokenLeeway.count()) return TokenError::invalid;
  if (cache_) cache_->insert(token, *checked);
  return judge(checked->claims, checked->expires, now);
}

Verified TokenVerifier::judge(const TokenClaims& claims, std::int64_t expires_s, WallTime now) const noexcept {
  const WallTime expires{expires_s * 1000};
  if (now >= expires) return TokenError::expired;
  if (!revocations_.allows(claims.user, claims.family, claims.epoch)) return TokenError::invalid;
  return Principal{claims.user, claims.role, claims.family, expires};
}

}  // namespace scalemart
