#pragma once
// Token buckets that all gateways share.

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace scalemart {

/// Tokens wanted, or already given away, from one bucket.
struct BucketTake {
  std::uint8_t policy = 0;  ///< Keeps the buckets of different limits apart.
  std::uint64_t key_hi = 0;
  std::uint64_t key_lo = 0;
  std::chrono::nanoseconds period{1};  ///< Time in which one token comes back.
  std::int64_t burst = 1;              ///< Tokens in a full bucket.
  std::int64_t tokens = 1;
  bool given = false;  ///< Already given away: counted even if there are not so many; later ones wait for it.
};

struct BucketState {
  bool allowed = true;
  /// How far ahead of now the bucket's theoretical arrival time lies: 0 is a full bucket, period * burst an empty
  /// one, more is owed.
  std::chrono::nanoseconds ahead{0};
};

/// Purpose: one GCRA a bucket, exact over all gateways; time is the store's.
/// A bucket that owes more than eight times its burst owes no more: nobody waits longer than that.
/// Concurrency: one thread. Blocks up to `within`.
class SharedLimits {
 public:
  virtual ~SharedLimits() = default;
  /// Takes in order; one state each. Without takes it is only asked whether it is there. False: it is away; it may
  /// have counted some all the same.
  [[nodiscard]] virtual bool take(std::span<const BucketTake> takes, std::vector<BucketState>& states,
                                  std::chrono::milliseconds within) = 0;
};

}  // namespace scalemart
