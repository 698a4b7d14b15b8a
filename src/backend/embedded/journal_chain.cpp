#include "backend/embedded/journal_chain.hpp"

#include <openssl/evp.h>

#include "base/check.hpp"

namespace scalemart {
namespace {

void put_u64(std::byte* out, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) out[i] = static_cast<std::byte>(value >> (8 * i));
}

}  // namespace

void ChainHasher::Free::operator()(evp_md_ctx_st* context) const noexcept {
  EVP_MD_CTX_free(context);
}

ChainHasher::ChainHasher() : context_(EVP_MD_CTX_new()) {
  SCALEMART_CHECK(context_ != nullptr);
}

ChainHash ChainHasher::next(const ChainHash& previous, Sequence first, std::uint64_t count,
                            std::span<const std::byte> bytes) {
  std::byte numbers[16];
  put_u64(numbers, first);
  put_u64(numbers + 8, count);
  ChainHash hash;
  SCALEMART_CHECK(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  SCALEMART_CHECK(EVP_DigestUpdate(context_.get(), previous.data(), previous.size()) == 1);
  SCALEMART_CHECK(EVP_DigestUpdate(context_.get(), numbers, sizeof numbers) == 1);
  SCALEMART_CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  SCALEMART_CHECK(EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(hash.data()), nullptr) == 1);
  return hash;
}

}  // namespace scalemart
