#include "fulfilment/breaker.hpp"

#include <gtest/gtest.h>

#include "fulfilment/rate_meter.hpp"
#include "fulfilment/retry_policy.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

struct BreakerTest : ::testing::Test {
  void fail(int times) {
    for (int i = 0; i < times; ++i) breaker.failure(clock.steady());
  }
  void succeed(int times) {
    for (int i = 0; i < times; ++i) breaker.success(clock.steady());
  }
  ManualClock clock;
  Breaker breaker;
};

TEST_F(BreakerTest, NineteenFailuresProveNothing) {
  fail(19);
  EXPECT_EQ(breaker.state(), BreakerState::closed);
  EXPECT_EQ(breaker.permit(clock.steady(), 100), 100u);
  fail(1);
  EXPECT_EQ(breaker.state(), BreakerState::open);
  EXPECT_EQ(breaker.permit(clock.steady(), 100), 0u);
}

TEST_F(BreakerTest, OpensAtHalfButNotBelow) {
  succeed(21);
  fail(20);
  EXPECT_EQ(breaker.state(), BreakerState::closed);
  fail(1);
  EXPECT_EQ(breaker.state(), BreakerState::open);
}

TEST_F(BreakerTest, ForgetsWhatIsOlderThanTheWindow) {
  fail(19);
  clock.advance(11s);
  fail(1);
  EXPECT_EQ(breaker.state(), BreakerState::closed);
}

TEST_F(BreakerTest, OneProbeASecondAndItsSuccessCloses) {
  fail(20);
  clock.advance(1s);
  EXPECT_EQ(breaker.permit(clock.steady(), 100), 1u);
  EXPECT_EQ(breaker.state(), BreakerState::half_open);
  EXPECT_EQ(breaker.permit(clock.steady(), 100), 0u);
  clock.advance(5s);
  EXPECT_EQ(breaker.permit(clock.steady(), 100), 0u) << "the first probe is still under way";
  breaker.failure(clock.steady());
  EXPECT_EQ(breaker.state(), BreakerState::open);
  clock.advance(1s);
  EXPECT_EQ(breaker.permit(clock.steady(), 100), 1u);
  breaker.success(clock.steady());
  EXPECT_EQ(breaker.state(), BreakerState::closed);
  fail(19);
  EXPECT_EQ(breaker.state(), BreakerState::closed) << "the old window is forgotten";
}

TEST_F(BreakerTest, AnUnusedProbeIsGivenBack) {
  breaker.trip(clock.steady());
  clock.advance(1s);
  EXPECT_EQ(breaker.permit(clock.steady(), 7), 1u);
  breaker.neither();
  clock.advance(1s);
  EXPECT_EQ(breaker.permit(clock.steady(), 7), 1u);
}

TEST(RetryPolicy, GrowsToTheCapWithFullJitter) {
  SeededRandom random(7);
  const RetryPolicy policy;
  for (std::uint16_t attempt = 1; attempt <= 40; ++attempt) {
    const auto ceiling = std::min<std::chrono::nanoseconds>(15min, 1s * (1LL << std::min(attempt - 1, 20)));
    std::chrono::nanoseconds least = 1h, most = 0s;
    for (int i = 0; i < 500; ++i) {
      const auto wait = policy.delay(attempt, random);
      least = std::min(least, wait);
      most = std::max(most, wait);
    }
    EXPECT_GE(least, policy.floor);
    EXPECT_LE(most, ceiling);
    EXPECT_GT(most, ceiling * 9 / 10);
    EXPECT_LT(least, ceiling / 5);
  }
  EXPECT_FALSE(policy.gives_up_after(11));
  EXPECT_TRUE(policy.gives_up_after(12));
}

TEST(RateMeter, CountsTheLastTenWholeSeconds) {
  ManualClock clock;
  RateMeter meter;
  for (int second = 0; second < 20; ++second) {
    for (int i = 0; i < 50; ++i) meter.add(clock.steady());
    clock.advance(1s);
  }
  EXPECT_EQ(meter.per_second(clock.steady()), 50.0);
  EXPECT_EQ(meter.total(), 1000u);
  clock.advance(11s);
  EXPECT_EQ(meter.per_second(clock.steady()), 0.0);
}

}  // namespace
}  // namespace scalemart
