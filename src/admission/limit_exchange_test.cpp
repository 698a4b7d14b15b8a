#include "admission/limit_exchange.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

namespace scalemart {
namespace {

using namespace std::chrono_literals;

/// Shared buckets in memory, which can be away.
class FakeLimits final : public SharedLimits {
 public:
  explicit FakeLimits(const Clock& clock) : clock_(clock) {}
  bool take(std::span<const BucketTake> takes, std::vector<BucketState>& states, std::chrono::milliseconds) override {
    ++calls;
    states.clear();
    if (away) return false;
    const std::int64_t now = clock_.steady().time_since_epoch().count();
    for (const BucketTake& take : takes) {
      EXPECT_TRUE(take.given);
      std::int64_t& tat = tats_[{take.policy, take.key_hi}];
      tat = std::max(tat, now) + take.period.count() * take.tokens;
      states.push_back({true, std::chrono::nanoseconds(tat - now)});
    }
    return true;
  }
  std::atomic<bool> away{false};
  std::atomic<int> calls{0};

 private:
  const Clock& clock_;
  std::map<std::pair<std::uint8_t, std::uint64_t>, std::int64_t> tats_;
};

class LimitExchangeTest : public testing::Test {
 protected:
  struct Gateway {
    Gateway(FakeLimits& shared, const Clock& the_clock, const char* policy)
        : clock(the_clock),
          limiter(policies(policy), random),
          exchange(limiter, shared, the_clock, {5ms, 100ms, 3, 2}) {}
    static RatePolicies policies(const char* text) {
      RatePolicies all = RatePolicies::defaults();
      all.flash_buy = *RatePolicy::parse(text);
      return all;
    }
    int tries(int count, std::uint64_t user = 1) {
      int allowed = 0;
      for (int i = 0; i < count; ++i)
        allowed += limiter.take(PolicyId::flash_buy, {user, user}, clock.steady()).allowed;
      return allowed;
    }
    const Clock& clock;
    SeededRandom random{7};
    Limiter limiter;
    LimitExchange exchange;
  };
  void make(const char* policy) {
    for (int i = 0; i < 2; ++i) gateways.push_back(std::make_unique<Gateway>(shared, clock, policy));
  }
  Gateway& a() { return *gateways[0]; }
  Gateway& b() { return *gateways[1]; }

  ManualClock clock;
  FakeLimits shared{clock};
  std::vector<std::unique_ptr<Gateway>> gateways;
};

TEST_F(LimitExchangeTest, WhatOneGatewayGaveTheOtherKnows) {
  make("10/60s");
  EXPECT_EQ(a().tries(6), 6);
  a().exchange.turn();
  EXPECT_EQ(b().tries(1), 1);
  b().exchange.turn();
  EXPECT_EQ(b().tries(10), 3) << "seven of ten are gone";
}

TEST_F(LimitExchangeTest, WhatBothGaveAtTheSameMomentIsOwed) {
  make("10/60s");
  EXPECT_EQ(a().tries(20) + b().tries(20), 20);
  a().exchange.turn();
  b().exchange.turn();
  clock.advance(59s);
  EXPECT_EQ(b().tries(20), 0) << "the ten too many are paid for first";
  clock.advance(7s);
  EXPECT_EQ(b().tries(20), 1);
  b().exchange.turn();
  int later = 1;
  for (int minute = 0; minute < 10; ++minute) {
    for (int i = 0; i < 60; ++i) {
      clock.advance(1s);
      later += a().tries(1) + b().tries(1);
      a().exchange.turn();
      b().exchange.turn();
    }
  }
  EXPECT_NEAR(later + 20, 10 + 666 / 6, 2) << "the rate is kept in the long run";
}

TEST_F(LimitExchangeTest, RefusalsAreNotTold) {
  make("1/60s");
  EXPECT_EQ(a().tries(1), 1);
  a().exchange.turn();
  const int before = shared.calls;
  EXPECT_EQ(a().tries(100), 0);
  a().exchange.turn();
  EXPECT_EQ(shared.calls, before);
}

TEST_F(LimitExchangeTest, ManyBucketsGoInParts) {
  make("10/60s");
  for (std::uint64_t user = 1; user <= 7; ++user) a().tries(2, user);
  a().exchange.turn();
  EXPECT_EQ(shared.calls, 3) << "three buckets a call";
  for (std::uint64_t user = 1; user <= 7; ++user) {
    b().tries(1, user);
    b().exchange.turn();
    EXPECT_EQ(b().tries(20, user), 7);
  }
}

TEST_F(LimitExchangeTest, AloneAGatewayHasItsPart) {
  make("10/60s");
  shared.away = true;
  EXPECT_EQ(a().tries(1), 1);
  a().exchange.turn();
  EXPECT_TRUE(a().exchange.is_away());
  EXPECT_EQ(a().tries(20, 2), 5) << "half of the budget";
  clock.advance(12s);
  EXPECT_EQ(a().tries(20, 2), 1) << "at half of the rate";
  shared.away = false;
  a().exchange.turn();
  EXPECT_FALSE(a().exchange.is_away());
  EXPECT_EQ(a().tries(20, 3), 10);
}

TEST_F(LimitExchangeTest, ComesBackWithoutAnythingToTell) {
  make("10/60s");
  shared.away = true;
  a().tries(1);
  a().exchange.turn();
  shared.away = false;
  a().exchange.turn();
  EXPECT_FALSE(a().exchange.is_away());
}

TEST_F(LimitExchangeTest, ChangedPolicyKeepsItsPart) {
  make("10/60s");
  shared.away = true;
  a().tries(1);
  a().exchange.turn();
  a().limiter.change(PolicyId::flash_buy, *RatePolicy::parse("20/60s"), clock.steady());
  EXPECT_EQ(a().tries(100, 2), 10);
  EXPECT_EQ(a().limiter.policy_header(PolicyId::flash_buy).view(), "\"flash_buy\";q=20;w=60");
}

TEST_F(LimitExchangeTest, RunsOnAThread) {
  make("10/60s");
  a().exchange.start();
  a().tries(4);
  for (int i = 0; i < 5000 && shared.calls == 0; ++i) std::this_thread::sleep_for(1ms);
  a().exchange.stop();
  EXPECT_GT(shared.calls, 0);
}

}  // namespace
}  // namespace scalemart
