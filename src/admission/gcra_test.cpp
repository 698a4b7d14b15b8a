#include "admission/gcra.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

namespace scalemart {
namespace {

using std::chrono::nanoseconds;

SteadyTime at(std::int64_t ns) {
  return SteadyTime(nanoseconds(ns));
}

/// The textbook bucket, exact in integers: level counts nanoseconds' worth of tokens.
class ReferenceBucket {
 public:
  explicit ReferenceBucket(BucketShape shape) : shape_(shape), level_(shape.depth_ns()) {}
  bool take(std::int64_t now) {
    level_ = std::min(shape_.depth_ns(), level_ + (now - last_));
    last_ = now;
    if (level_ < shape_.period.count()) return false;
    level_ -= shape_.period.count();
    return true;
  }
  std::int64_t tokens() const { return level_ / shape_.period.count(); }

 private:
  BucketShape shape_;
  std::int64_t level_;
  std::int64_t last_ = 0;
};

TEST(Gcra, CapacityOneAllowsOneThenOnePerPeriod) {
  Gcra bucket;
  const BucketShape shape{nanoseconds(100), 1};
  EXPECT_TRUE(bucket.take(at(1000), shape).allowed);
  EXPECT_FALSE(bucket.take(at(1000), shape).allowed);
  EXPECT_FALSE(bucket.take(at(1099), shape).allowed);
  EXPECT_TRUE(bucket.take(at(1100), shape).allowed);
  EXPECT_FALSE(bucket.take(at(1100), shape).allowed);
}

TEST(Gcra, StandingClockGivesTheBurstAndNothingMore) {
  Gcra bucket;
  const BucketShape shape{nanoseconds(7), 10};
  int allowed = 0;
  for (int i = 0; i < 1000; ++i) allowed += bucket.take(at(0), shape).allowed;
  EXPECT_EQ(allowed, 10);
}

TEST(Gcra, ClockGoingBackwardsNeverGivesAToken) {
  Gcra bucket;
  const BucketShape shape{nanoseconds(10), 5};
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(bucket.take(at(10'000), shape).allowed);
  for (std::int64_t now = 10'000; now >= 0; now -= 500) EXPECT_FALSE(bucket.take(at(now), shape).allowed);
  EXPECT_FALSE(bucket.take(at(10'009), shape).allowed);
  EXPECT_TRUE(bucket.take(at(10'010), shape).allowed);
}

TEST(Gcra, DecisionTellsWhatIsLeftAndWhenToComeBack) {
  Gcra bucket;
  const BucketShape shape{nanoseconds(100), 3};
  Decision d = bucket.take(at(1000), shape);
  EXPECT_EQ(d.remaining, 2);
  EXPECT_EQ(d.next_token.count(), 100);
  EXPECT_EQ(d.reset_after.count(), 100);
  d = bucket.take(at(1030), shape);
  EXPECT_EQ(d.remaining, 1);
  EXPECT_EQ(d.next_token.count(), 70);
  d = bucket.take(at(1030), shape);
  EXPECT_EQ(d.remaining, 0);
  d = bucket.take(at(1050), shape);
  EXPECT_FALSE(d.allowed);
  EXPECT_EQ(d.retry_after.count(), 50);
  EXPECT_EQ(d.reset_after.count(), 250);
  EXPECT_FALSE(bucket.take(at(1099), shape).allowed);
  EXPECT_TRUE(bucket.take(at(1100), shape).allowed);
}

TEST(Gcra, RetryAfterIsExact) {
  rc::check("a refused request passes after retry_after, and not one nanosecond earlier", [] {
    const BucketShape shape{nanoseconds(*rc::gen::inRange(2, 1000)), *rc::gen::inRange(1, 20)};
    const auto start = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
    Gcra bucket;
    std::int64_t now = start;
    Decision d;
    while ((d = bucket.take(at(now), shape)).allowed) now += *rc::gen::inRange<std::int64_t>(0, shape.period.count());
    RC_ASSERT(!bucket.take(at(now + d.retry_after.count() - 1), shape).allowed);
    RC_ASSERT(bucket.take(at(now + d.retry_after.count()), shape).allowed);
  });
}

TEST(Gcra, AgreesWithAnExactTokenBucketOnEveryRequest) {
  rc::check("same answers and same rest, whatever the trace", [] {
    const BucketShape shape{nanoseconds(*rc::gen::inRange(1, 5000)), *rc::gen::inRange(1, 50)};
    Gcra bucket;
    ReferenceBucket reference(shape);
    std::int64_t now = 0;
    const auto gaps = *rc::gen::container<std::vector<std::int64_t>>(
        rc::gen::weightedOneOf<std::int64_t>({{3, rc::gen::just<std::int64_t>(0)},
                                              {5, rc::gen::inRange<std::int64_t>(0, 2 * shape.period.count())},
                                              {1, rc::gen::inRange<std::int64_t>(0, 3 * shape.depth_ns())}}));
    for (const std::int64_t gap : gaps) {
      now += gap;
      const Decision d = bucket.take(at(now), shape);
      RC_ASSERT(d.allowed == reference.take(now));
      RC_ASSERT(d.remaining == reference.tokens());
    }
  });
}

TEST(Gcra, FiveHundredThreadsGetTheBurstExactly) {
  constexpr int kThreads = 500;
  Gcra bucket;
  const BucketShape shape{std::chrono::seconds(6), 10};
  std::atomic<int> allowed{0};
  std::barrier start(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      start.arrive_and_wait();
      if (bucket.take(at(5), shape).allowed) ++allowed;
    });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(allowed.load(), 10);
}

TEST(Gcra, ParallelTakersNeverExceedBurstPlusRate) {
  Gcra bucket;
  const BucketShape shape{nanoseconds(100), 50};
  std::atomic<std::int64_t> allowed{0};
  std::atomic<std::int64_t> clock{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 50'000; ++n)
        if (bucket.take(at(clock.fetch_add(3)), shape).allowed) ++allowed;
    });
  for (std::thread& t : threads) t.join();
  EXPECT_LE(allowed.load(), 50 + clock.load() / 100);
  EXPECT_GE(allowed.load(), clock.load() / 100 * 9 / 10);
}

}  // namespace
}  // namespace scalemart
