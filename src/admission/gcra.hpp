#pragma once
// The token bucket as GCRA (generic cell rate algorithm; ITU-T I.371, Turner 1986): one word of state.
//
// The word is the theoretical arrival time (TAT): the instant at which the bucket will be full again. A
// bucket of `burst` tokens that gains one per `period` lets a request through when, with it, the bucket would
// be full again no later than burst * period from now.

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/clock.hpp"

namespace scalemart {

/// Both at least 1.
struct BucketShape {
  std::chrono::nanoseconds period{1};  ///< Time in which one token comes back.
  std::int64_t burst = 1;              ///< Tokens in a full bucket.
  bool operator==(const BucketShape&) const = default;
  [[nodiscard]] constexpr std::int64_t depth_ns() const { return period.count() * burst; }
};

struct Decision {
  bool allowed = true;
  std::int64_t remaining = 0;               ///< Whole tokens left.
  std::chrono::nanoseconds retry_after{0};  ///< Until a request would be allowed; 0 when this one was.
  std::chrono::nanoseconds next_token{0};   ///< Until `remaining` grows by one.
  std::chrono::nanoseconds reset_after{0};  ///< Until the bucket is full.
};

inline constexpr std::int64_t kBucketFull = INT64_MIN;  ///< A TAT that lies before every now.

/// Decides without changing anything; next_tat is what the state becomes. A clock that runs backwards only
/// makes a bucket fill later.
[[nodiscard]] constexpr Decision decide(std::int64_t tat, std::int64_t now_ns, const BucketShape& shape,
                                        std::int64_t& next_tat) {
  const std::int64_t step = shape.period.count();
  const std::int64_t start = tat > now_ns ? tat : now_ns;
  const std::int64_t room = shape.depth_ns() - (start - now_ns);  // what is in the bucket, as time
  Decision d;
  if (room < step) {
    d.allowed = false;
    d.retry_after = std::chrono::nanoseconds(step - room);
    d.next_token = d.retry_after;
    d.reset_after = std::chrono::nanoseconds(start - now_ns);
    next_tat = tat;
    return d;
  }
  next_tat = start + step;
  d.remaining = (room - step) / step;
  d.next_token = std::chrono::nanoseconds(step - (room - step) % step);
  d.reset_after = std::chrono::nanoseconds(next_tat - now_ns);
  return d;
}

/// One bucket for any number of threads: never a token too many, and none lost.
class Gcra {
 public:
  [[nodiscard]] Decision take(SteadyTime now, const BucketShape& shape) noexcept {
    const std::int64_t now_ns = now.time_since_epoch().count();
    std::int64_t tat = tat_.load(std::memory_order_relaxed);
    for (;;) {
      std::int64_t next = 0;
      const Decision decision = decide(tat, now_ns, shape, next);
      if (!decision.allowed) return decision;
      if (tat_.compare_exchange_weak(tat, next, std::memory_order_relaxed)) return decision;
    }
  }
  [[nodiscard]] bool is_full(SteadyTime now) const noexcept {
    return tat_.load(std::memory_order_relaxed) <= now.time_since_epoch().count();
  }

 private:
  std::atomic<std::int64_t> tat_{kBucketFull};
};
static_assert(sizeof(Gcra) == 8 && std::atomic<std::int64_t>::is_always_lock_free);

}  // namespace scalemart
