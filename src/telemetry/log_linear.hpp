#pragma once
// The bucket layout that every histogram of ours shares: linear up to 32, then 16 buckets per doubling, so
// that a quantile is at most 1/16 off. (The idea: HdrHistogram, Gil Tene.)

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace scalemart::log_linear {

inline constexpr std::uint64_t kSub = 16;
inline constexpr unsigned kSubBits = 4;
/// Up to 2^26 units: 67 s in microseconds. What is larger counts in the last bucket.
inline constexpr unsigned kOctaves = 22;
inline constexpr std::size_t kBuckets = kSub * 2 + (kOctaves - 1) * kSub;

/// The bucket of a value. A value that is exactly a bound belongs below it, as Prometheus's `le` wants: so
/// values are counted from 1, and 0 shares the bucket of 1.
[[nodiscard]] constexpr std::size_t bucket_of(std::uint64_t value) {
  const std::uint64_t v = value == 0 ? 0 : value - 1;
  if (v < 2 * kSub) return static_cast<std::size_t>(v);
  const unsigned shift = static_cast<unsigned>(std::bit_width(v)) - 1 - kSubBits;
  const std::uint64_t index = (static_cast<std::uint64_t>(shift) << kSubBits) + (v >> shift);
  return static_cast<std::size_t>(std::min<std::uint64_t>(index, kBuckets - 1));
}

/// The largest value that belongs to a bucket.
[[nodiscard]] constexpr std::uint64_t upper_bound_of(std::size_t bucket) {
  if (bucket < 2 * kSub) return bucket + 1;
  const unsigned shift = static_cast<unsigned>(bucket >> kSubBits) - 1;
  return ((bucket & (kSub - 1)) + kSub + 1) << shift;
}

using Counts = std::array<std::uint64_t, kBuckets>;

/// The value that a share `q` (0..1) of all observations does not exceed; 0 when there are none.
[[nodiscard]] constexpr std::uint64_t quantile(std::span<const std::uint64_t, kBuckets> counts, double q) {
  std::uint64_t total = 0;
  for (const auto n : counts) total += n;
  if (total == 0) return 0;
  const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(static_cast<double>(total) * q + 0.5));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += counts[i];
    if (seen >= wanted) return upper_bound_of(i);
  }
  return upper_bound_of(kBuckets - 1);
}

}  // namespace scalemart::log_linear
