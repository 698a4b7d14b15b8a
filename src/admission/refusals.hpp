#pragma once
// Who was refused in the last minute, in a few bytes a key and without saying who.

#include <array>
#include <cstdint>

namespace scalemart {

/// Whole seconds of a monotonic clock.
using RefusalSecond = std::uint32_t;
inline constexpr RefusalSecond kRefusalMinute = 60;

/// Requests refused in the last minute, exactly (in whole seconds, the running one included). One thread at a time.
class RefusalCount {
 public:
  void add(RefusalSecond now) noexcept {
    Second& second = seconds_[now % seconds_.size()];
    if (second.at != now) second = {now, 0};
    ++second.count;
  }
  [[nodiscard]] std::uint64_t last_minute(RefusalSecond now) const noexcept {
    std::uint64_t sum = 0;
    for (const Second& second : seconds_)
      if (second.at <= now && now - second.at < kRefusalMinute) sum += second.count;
    return sum;
  }

 private:
  struct Second {
    RefusalSecond at = 0;
    std::uint32_t count = 0;
  };
  std::array<Second, kRefusalMinute + 1> seconds_{};
};

/// How often one key was refused: exactly whether in the last minute, and about how often (the running minute and
/// the share of the one before that the last sixty seconds still cover: a sliding window counter). Eight bytes, so
/// that it lives in the bucket's own cache line. Counts stop at a million a minute; seconds wrap after 194 days,
/// which no bucket that is still tracked survives unused. One thread at a time.
class RefusalTrace {
 public:
  void add(RefusalSecond now) noexcept {
    roll(now);
    if (running_ < kCountMax) ++running_;
    last_ = now & kSecondMask;
  }
  [[nodiscard]] bool in_last_minute(RefusalSecond now) const noexcept {
    return running_ > 0 && ((now - last_) & kSecondMask) < kRefusalMinute;
  }
  [[nodiscard]] double estimate(RefusalSecond now) const noexcept {
    if (!in_last_minute(now)) return 0;
    RefusalTrace trace = *this;
    trace.roll(now);
    const double share = 1.0 - static_cast<double>((now & kSecondMask) % kRefusalMinute) / kRefusalMinute;
    return static_cast<double>(trace.running_) + static_cast<double>(trace.before_) * share;
  }

 private:
  static constexpr std::uint64_t kSecondMask = (1U << 24) - 1;
  static constexpr std::uint64_t kCountMax = (1U << 20) - 1;

  /// To the minute of `now`.
  void roll(RefusalSecond now) noexcept {
    const std::uint64_t minutes = (now & kSecondMask) / kRefusalMinute - last_ / kRefusalMinute;
    if (minutes == 0) return;
    before_ = minutes == 1 ? running_ : 0;
    running_ = 0;
  }

  std::uint64_t last_ : 24 = 0;
  std::uint64_t running_ : 20 = 0;
  std::uint64_t before_ : 20 = 0;
};
static_assert(sizeof(RefusalTrace) == 8);

}  // namespace scalemart
