#include "base/random.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <cstring>

#include "base/check.hpp"

namespace scalemart {

std::uint64_t Random::next() {
  std::uint64_t value = 0;
  fill(std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

std::uint64_t Random::below(std::uint64_t bound) {
  SCALEMART_CHECK(bound > 0);
  // Rejection keeps it unbiased.
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  for (;;) {
    const std::uint64_t value = next();
    if (value < limit) return value % bound;
  }
}

double Random::unit() {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

SecureRandom::~SecureRandom() {
  OPENSSL_cleanse(buffer_, sizeof buffer_);
}

void SecureRandom::fill(std::span<std::byte> out) {
  if (out.size() > kBuffer) {
    SCALEMART_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size())) == 1);
    return;
  }
  if (kBuffer - used_ < out.size()) {
    SCALEMART_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(buffer_), kBuffer) == 1);
    used_ = 0;
  }
  std::memcpy(out.data(), buffer_ + used_, out.size());
  std::memset(buffer_ + used_, 0, out.size());
  used_ += out.size();
}

void SeededRandom::fill(std::span<std::byte> out) {
  for (std::size_t i = 0; i < out.size();) {
    const std::uint64_t value = engine_();
    const std::size_t n = std::min(out.size() - i, sizeof value);
    std::memcpy(out.data() + i, &value, n);
    i += n;
  }
}

}  // namespace scalemart
