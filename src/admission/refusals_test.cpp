#include "admission/refusals.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace scalemart {
namespace {

TEST(RefusalTrace, AKeyThatWasNeverRefusedIsNot) {
  const RefusalTrace trace;
  for (const RefusalSecond now : {0U, 59U, 60U, 1'000'000U}) {
    EXPECT_FALSE(trace.in_last_minute(now));
    EXPECT_EQ(trace.estimate(now), 0);
  }
}

TEST(RefusalTrace, TheMinuteBeforeCountsByItsShare) {
  RefusalTrace trace;
  for (int i = 0; i < 120; ++i) trace.add(600 + 30);  // the minute 600..659
  trace.add(660);
  EXPECT_DOUBLE_EQ(trace.estimate(660), 1 + 120);
  trace.add(660 + 15);
  EXPECT_DOUBLE_EQ(trace.estimate(660 + 15), 2 + 120 * 0.75);
  EXPECT_DOUBLE_EQ(trace.estimate(660 + 45), 2 + 120 * 0.25);
}

TEST(RefusalTrace, WhatIsOlderThanAMinuteIsForgotten) {
  RefusalTrace trace;
  trace.add(119);
  EXPECT_TRUE(trace.in_last_minute(178));
  EXPECT_FALSE(trace.in_last_minute(179));
  EXPECT_EQ(trace.estimate(179), 0);
  trace.add(1000);
  EXPECT_DOUBLE_EQ(trace.estimate(1000), 1) << "nothing of two minutes ago";
}

TEST(RefusalTrace, ItStopsAtItsLargestNumber) {
  RefusalTrace trace;
  for (int i = 0; i < 1'100'000; ++i) trace.add(6000);
  EXPECT_DOUBLE_EQ(trace.estimate(6000), (1 << 20) - 1);
  EXPECT_TRUE(trace.in_last_minute(6001));
}

TEST(RefusalTrace, TheWrapOfItsSecondsLosesNothingRecent) {
  constexpr RefusalSecond kWrap = 1U << 24;
  RefusalTrace trace;
  trace.add(kWrap - 5);
  EXPECT_TRUE(trace.in_last_minute(kWrap + 10));
  EXPECT_FALSE(trace.in_last_minute(kWrap + 60));
}

RC_GTEST_PROP(RefusalCount, IsExactlyWhatAListWouldSay, (std::vector<std::uint8_t> steps)) {
  RefusalCount count;
  std::vector<RefusalSecond> all;
  RefusalSecond now = 100;
  for (const std::uint8_t step : steps) {
    now += step % 23;
    count.add(now);
    all.push_back(now);
    const auto wanted = std::count_if(all.begin(), all.end(), [now](RefusalSecond at) { return now - at < 60; });
    RC_ASSERT(count.last_minute(now) == static_cast<std::uint64_t>(wanted));
  }
  RC_ASSERT(count.last_minute(now + 60) == 0U);
}

}  // namespace
}  // namespace scalemart
