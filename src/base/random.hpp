#pragma once
// Randomness is a parameter: production takes it from OpenSSL, tests from a printed seed.

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

namespace scalemart {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> out) = 0;
  [[nodiscard]] std::uint64_t next();
  /// Uniform in [0, bound); bound > 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1).
  [[nodiscard]] double unit();
};

/// Cryptographically secure (OpenSSL RAND_bytes), buffered per object. Not thread-safe: one per thread.
class SecureRandom final : public Random {
 public:
  ~SecureRandom() override;
  void fill(std::span<std::byte> out) override;

 private:
  static constexpr std::size_t kBuffer = 4096;
  std::byte buffer_[kBuffer];
  std::size_t used_ = kBuffer;
};

/// Reproducible from its seed; for tests and simulations only. Not thread-safe.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  void fill(std::span<std::byte> out) override;

 private:
  std::mt19937_64 engine_;
};

}  // namespace scalemart
