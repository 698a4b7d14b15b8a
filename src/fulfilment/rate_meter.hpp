#pragma once
// Counts, and how many a second over the last ten seconds.

#include <array>
#include <cstdint>

#include "base/clock.hpp"

namespace scalemart {

/// Concurrency: one thread.
class RateMeter {
 public:
  void add(SteadyTime now) {
    ++total_;
    ++bucket(now).count;
  }
  [[nodiscard]] std::uint64_t total() const { return total_; }
  /// Over the ten seconds before the present one.
  [[nodiscard]] double per_second(SteadyTime now) const {
    const std::int64_t second = second_of(now);
    std::uint64_t sum = 0;
    for (const Bucket& b : buckets_)
      if (b.second < second && b.second >= second - kSeconds) sum += b.count;
    return static_cast<double>(sum) / kSeconds;
  }

 private:
  static constexpr std::int64_t kSeconds = 10;
  struct Bucket {
    std::int64_t second = -1;
    std::uint64_t count = 0;
  };
  static std::int64_t second_of(SteadyTime t) {
    return std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count();
  }
  Bucket& bucket(SteadyTime now) {
    const std::int64_t second = second_of(now);
    Bucket& b = buckets_[static_cast<std::size_t>(second % static_cast<std::int64_t>(buckets_.size()))];
    if (b.second != second) b = Bucket{second, 0};
    return b;
  }
  std::array<Bucket, kSeconds + 1> buckets_{};
  std::uint64_t total_ = 0;
};

}  // namespace scalemart
