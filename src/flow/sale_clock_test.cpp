#include "flow/sale_clock.hpp"

#include <gtest/gtest.h>

namespace scalemart {
namespace {

using namespace std::chrono_literals;

TEST(SaleClock, StartsAtTheLaterOfWallClockAndLastRecord) {
  ManualClock clock({1'000'000});
  EXPECT_EQ(SaleClock(clock, {5}).now().ms, 1'000'000);
  EXPECT_EQ(SaleClock(clock, {2'000'000}).now().ms, 2'000'000);
}

TEST(SaleClock, IgnoresAStepOfTheWallClock) {
  ManualClock clock({1'000'000});
  SaleClock sale(clock, {0});
  clock.step_wall(1h);
  clock.advance(100ms);
  sale.tick();
  EXPECT_EQ(sale.now().ms, 1'000'100);
  EXPECT_EQ(sale.deviation(), 1h);
  clock.step_wall(-3h);
  clock.advance(100ms);
  sale.tick();
  EXPECT_EQ(sale.now().ms, 1'000'200);
}

TEST(SaleClock, FollowsASmallCorrectionAtATenthOfThePaceAndNeverBackwards) {
  ManualClock clock({1'000'000});
  SaleClock sale(clock, {0});
  clock.step_wall(-1s);
  WallTime last = sale.now();
  for (int i = 0; i < 200; ++i) {
    clock.advance(100ms);
    EXPECT_GT(sale.now(), last);
    last = sale.now();
    sale.tick();
    EXPECT_GE(sale.now(), last) << "the correction itself must not take back what was shown";
  }
  EXPECT_EQ(sale.deviation(), 0ms);
}

}  // namespace
}  // namespace scalemart
