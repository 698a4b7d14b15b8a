#include "domain/ids.hpp"

#include <openssl/sha.h>

#include <cstring>

namespace scalemart {
namespace detail {
namespace {

constexpr char kAlphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

constexpr std::array<std::int8_t, 256> make_values() {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (int i = 0; i < 32; ++i) {
    const char c = kAlphabet[i];
    values[static_cast<unsigned char>(c)] = static_cast<std::int8_t>(i);
    if (c >= 'A') values[static_cast<unsigned char>(c - 'A' + 'a')] = static_cast<std::int8_t>(i);
  }
  return values;
}
constexpr auto kValues = make_values();

}  // namespace

void ulid_write(std::uint64_t hi, std::uint64_t lo, char* out26) {
  auto value = (static_cast<unsigned __int128>(hi) << 64) | lo;
  for (int i = 25; i >= 0; --i) {
    out26[i] = kAlphabet[static_cast<std::size_t>(value & 31)];
    value >>= 5;
  }
}

bool ulid_read(std::string_view text, std::uint64_t& hi, std::uint64_t& lo) {
  if (text.size() != 26) return false;
  unsigned __int128 value = 0;
  for (std::size_t i = 0; i < 26; ++i) {
    const int digit = kValues[static_cast<unsigned char>(text[i])];
    if (digit < 0 || (i == 0 && digit > 7)) return false;  // 26 digits hold 130 bits; the top two must be 0
    value = (value << 5) | static_cast<unsigned>(digit);
  }
  hi = static_cast<std::uint64_t>(value >> 64);
  lo = static_cast<std::uint64_t>(value);
  return true;
}

}  // namespace detail

bool is_product_slug(std::string_view text) {
  if (text.empty() || text.size() > 64 || text.front() == '-') return false;
  for (const char c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
  return true;
}

KeyDigest digest_key(std::string_view idempotency_key) {
  unsigned char sha[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(idempotency_key.data()), idempotency_key.size(), sha);
  KeyDigest digest;
  std::memcpy(&digest.hi, sha, 8);
  std::memcpy(&digest.lo, sha + 8, 8);
  return digest;
}

}  // namespace scalemart
