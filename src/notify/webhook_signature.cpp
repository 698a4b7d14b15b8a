#include "notify/webhook_signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/check.hpp"

namespace scalemart {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kKeyMin = 24, kKeyMax = 64;

std::string base64(const unsigned char* bytes, std::size_t size) {
  std::string out((size + 2) / 3 * 4 + 1, '\0');
  out.resize(static_cast<std::size_t>(
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes, static_cast<int>(size))));
  return out;
}

}  // namespace

std::string new_webhook_secret(Random& random) {
  std::array<std::byte, 32> key{};
  random.fill(key);
  return std::string(kPrefix) + base64(reinterpret_cast<const unsigned char*>(key.data()), key.size());
}

std::optional<std::string> webhook_key(std::string_view secret) {
  if (!secret.starts_with(kPrefix)) return std::nullopt;
  secret.remove_prefix(kPrefix.size());
  if (secret.empty() || secret.size() % 4 != 0 || secret.size() > kKeyMax * 4 / 3 + 4) return std::nullopt;
  const std::size_t padding = secret.ends_with("==") ? 2 : secret.ends_with("=") ? 1 : 0;
  std::string key(secret.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(key.data()),
                      reinterpret_cast<const unsigned char*>(secret.data()), static_cast<int>(secret.size())) < 0)
    return std::nullopt;
  key.resize(key.size() - padding);
  if (key.size() < kKeyMin || key.size() > kKeyMax) return std::nullopt;
  return key;
}

std::string sign_webhook(std::span<const std::string> keys, std::string_view id, std::int64_t seconds,
                         std::string_view body) {
  const std::string content = std::string(id).append(".").append(std::to_string(seconds)).append(".").append(body);
  std::string out;
  for (const std::string& key : keys) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned size = 0;
    SCALEMART_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                         reinterpret_cast<const unsigned char*>(content.data()), content.size(), mac.data(),
                         &size) != nullptr);
    if (!out.empty()) out += ' ';
    out += "v1," + base64(mac.data(), size);
  }
  return out;
}

}  // namespace scalemart
