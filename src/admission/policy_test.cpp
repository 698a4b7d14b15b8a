#include "admission/policy.hpp"

#include <gtest/gtest.h>

namespace scalemart {
namespace {

using std::chrono::milliseconds;

TEST(RatePolicy, ReadsWhatOperatorsWrite) {
  struct Row {
    const char* text;
    std::int64_t count;
    std::int64_t ms;
    std::int64_t burst;
    const char* again;
  };
  for (const Row& row :
       {Row{"10/60s", 10, 60'000, 10, "10/60s"}, Row{"100/1s,burst=20", 100, 1000, 20, "100/1s,burst=20"},
        Row{"6000/1m", 6000, 60'000, 6000, "6000/60s"}, Row{"5/250ms", 5, 250, 5, "5/250ms"},
        Row{"1/24h", 1, 86'400'000, 1, "1/24h"}, Row{"1000000/1ms", 1'000'000, 1, 1'000'000, "1000000/1ms"},
        Row{"7/90m,burst=7", 7, 5'400'000, 7, "7/5400s"}}) {
    const auto policy = RatePolicy::parse(row.text);
    ASSERT_TRUE(policy) << row.text;
    EXPECT_TRUE(policy->enabled);
    EXPECT_EQ(policy->count, row.count) << row.text;
    EXPECT_EQ(policy->period, milliseconds(row.ms)) << row.text;
    EXPECT_EQ(policy->burst, row.burst) << row.text;
    EXPECT_EQ(policy->to_string(), row.again);
    EXPECT_EQ(*RatePolicy::parse(policy->to_string()), *policy);
  }
  EXPECT_FALSE(RatePolicy::parse("off")->enabled);
  EXPECT_EQ(RatePolicy::parse("off")->to_string(), "off");
}

TEST(RatePolicy, RefusesTheRestAndSaysWhatIsAllowed) {
  for (const char* text : {"",
                           "10",
                           "/60s",
                           "10/",
                           "0/60s",
                           "-1/60s",
                           "+1/60s",
                           " 10/60s",
                           "10/60s ",
                           "10 / 60s",
                           "1.5/60s",
                           "10/60",
                           "10/s",
                           "10/0s",
                           "10/60x",
                           "10/60S",
                           "10/25h",
                           "1000001/1s",
                           "99999999999999999999/1s",
                           "10/60s,",
                           "10/60s,burst",
                           "10/60s,burst=",
                           "10/60s,burst=0",
                           "10/60s,burst=-1",
                           "10/60s,burst=1000001",
                           "10/60s,burst=5,burst=6",
                           "10/60s,limit=3",
                           "OFF",
                           "on",
                           "0x10/60s",
                           "1/24h,burst=31"}) {
    const auto policy = RatePolicy::parse(text);
    ASSERT_FALSE(policy) << text;
    EXPECT_NE(policy.error().message.find("burst"), std::string::npos) << text;
  }
}

TEST(RatePolicy, NeverMoreThanCountInOnePeriodAfterTheBurst) {
  const auto policy = RatePolicy::parse("7/60s,burst=1");
  EXPECT_GE(policy->shape().period.count() * 7, 60'000'000'000);
  EXPECT_LT(policy->shape().period.count() * 7, 60'000'000'007);
}

TEST(RatePolicies, DefaultsAreThoseOfTheContract) {
  const RatePolicies defaults = RatePolicies::defaults();
  EXPECT_EQ(defaults.of(PolicyId::flash_buy).to_string(), "10/60s");
  EXPECT_EQ(defaults.of(PolicyId::login).to_string(), "10/60s");
  EXPECT_EQ(defaults.of(PolicyId::login_address).to_string(), "60/60s");
  EXPECT_EQ(defaults.of(PolicyId::register_account).to_string(), "120/60s");
  EXPECT_EQ(defaults.of(PolicyId::other).to_string(), "60000/60s,burst=10000");
}

TEST(RatePolicies, LoginOffIsOffForAddressesToo) {
  RatePolicies policies = RatePolicies::defaults();
  policies.login = RatePolicy{};
  EXPECT_FALSE(policies.of(PolicyId::login_address).enabled);
}

}  // namespace
}  // namespace scalemart
