#pragma once
// Which (buyer, idempotency key) pairs have ever made an order: "surely not" or "perhaps".

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/check.hpp"
#include "base/zeroed_array.hpp"
#include "domain/ids.hpp"

namespace scalemart {

/// Purpose: lets the gateway refuse a sold-out buy at once although it carries a key. Only when the key may
/// belong to an order (a retry whose first answer was lost) must the ledger look. A Bloom filter (Bloom,
/// 1970) with three probes: at 1 million orders 0.01 % of fresh keys take the longer way, at 10 million 5 %.
/// Concurrency: forget_nothing() before anybody asks; add() on one thread, before the order's answer leaves;
/// may_contain() on any.
class UsedKeys {
 public:
  /// bits: a power of two, 8 MiB of memory by default; pages are touched as they fill.
  explicit UsedKeys(std::size_t bits = std::size_t{1} << 26) : mask_(bits - 1), words_(bits / 64) {
    SCALEMART_CHECK(std::has_single_bit(bits) && bits >= 64);
  }

  void add(UserId buyer, KeyDigest key) noexcept {
    for_each_bit(buyer, key, [this](std::size_t word, std::uint64_t bit) {
      std::atomic_ref(words_[word]).fetch_or(bit, std::memory_order_relaxed);
      return true;
    });
  }

  /// From now on every key is "perhaps": other processes make orders too, and a retry of theirs may come here first.
  void forget_nothing() noexcept { all_ = true; }

  [[nodiscard]] bool may_contain(UserId buyer, KeyDigest key) const noexcept {
    if (all_) return true;
    return for_each_bit(buyer, key, [this](std::size_t word, std::uint64_t bit) {
      return (std::atomic_ref(words_[word]).load(std::memory_order_relaxed) & bit) != 0;
    });
  }

 private:
  template <class F>
  bool for_each_bit(UserId buyer, KeyDigest key, F&& f) const noexcept {
    // key is a SHA-256 prefix, so its halves are good hashes; the buyer keeps people apart.
    std::uint64_t h = key.hi ^ (buyer.lo * 0x9e3779b97f4a7c15ULL) ^ std::rotl(buyer.hi, 32);
    const std::uint64_t step = key.lo | 1;
    for (int i = 0; i < 3; ++i, h += step) {
      const std::uint64_t mixed = (h ^ (h >> 31)) * 0xbf58476d1ce4e5b9ULL;
      const std::size_t index = static_cast<std::size_t>(mixed >> 20) & mask_;
      if (!f(index / 64, std::uint64_t{1} << (index % 64))) return false;
    }
    return true;
  }

  bool all_ = false;
  std::size_t mask_;
  mutable ZeroedArray<std::uint64_t> words_;  // Asked through atomic_ref, which reads of nothing const in C++20.
};

}  // namespace scalemart
