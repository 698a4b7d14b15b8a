// OpenSSL 3 calls the plain SHA-256 functions deprecated in favour of EVP, whose contexts must be allocated
// and duplicated for every message: 1-2 microseconds where the message itself costs 0.4. They are part of the
// ABI for all of OpenSSL 3.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "auth/hmac.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <cstring>

namespace scalemart {
namespace {

constexpr std::size_t kBlock = 64;

std::array<std::uint32_t, 8> absorb(const std::array<unsigned char, kBlock>& key, unsigned char pad) {
  std::array<unsigned char, kBlock> block{};
  for (std::size_t i = 0; i < kBlock; ++i) block[i] = static_cast<unsigned char>(key[i] ^ pad);
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Transform(&context, block.data());
  std::array<std::uint32_t, 8> h{};
  std::memcpy(h.data(), context.h, sizeof context.h);
  OPENSSL_cleanse(block.data(), block.size());
  OPENSSL_cleanse(&context, sizeof context);
  return h;
}

/// SHA-256 that has absorbed one block already.
SHA256_CTX resume(const std::array<std::uint32_t, 8>& h) {
  SHA256_CTX context{};
  std::memcpy(context.h, h.data(), sizeof context.h);
  context.Nl = kBlock * 8;
  context.md_len = SHA256_DIGEST_LENGTH;
  return context;
}

}  // namespace

HmacSha256::HmacSha256(std::string_view key) {
  std::array<unsigned char, kBlock> padded{};
  if (key.size() > kBlock)
    SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), padded.data());
  else
    std::memcpy(padded.data(), key.data(), key.size());
  inner_.h = absorb(padded, 0x36);
  outer_.h = absorb(padded, 0x5c);
  OPENSSL_cleanse(padded.data(), padded.size());
}

HmacSha256::~HmacSha256() {
  OPENSSL_cleanse(&inner_, sizeof inner_);
  OPENSSL_cleanse(&outer_, sizeof outer_);
}

HmacSha256::Mac HmacSha256::of(std::string_view message) const {
  Mac digest;
  SHA256_CTX context = resume(inner_.h);
  SHA256_Update(&context, message.data(), message.size());
  SHA256_Final(digest.data(), &context);
  context = resume(outer_.h);
  SHA256_Update(&context, digest.data(), digest.size());
  SHA256_Final(digest.data(), &context);
  return digest;
}

std::array<std::byte, 32> sha256(std::string_view bytes) {
  std::array<std::byte, 32> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

bool same_bytes(const void* a, const void* b, std::size_t size) {
  return CRYPTO_memcmp(a, b, size) == 0;
}

}  // namespace scalemart
