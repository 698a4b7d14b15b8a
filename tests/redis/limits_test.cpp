// Shared rate limits: the function decides as admission/gcra.hpp does.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

#include "admission/gcra.hpp"
#include "backend/redis/shared_limits.hpp"
#include "base/random.hpp"
#include "tests/servers/redis_server.hpp"

namespace scalemart {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

RedisLimits limits_of(const std::string& url, const Clock& clock, std::uint32_t shards = 1) {
  RedisLimitsSettings settings;
  settings.shards = shards;
  return {std::move(*redis::Client::make(*redis::Address::parse(url), clock)), settings};
}

class SharedLimitsTest : public testing::Test {
 protected:
  void SetUp() override {
    SCALEMART_NEEDS_REDIS();
    server.emplace();
    limits.emplace(limits_of(server->url(), clock));
  }
  BucketState take(BucketTake take, std::optional<std::int64_t> now = std::nullopt) {
    std::vector<BucketState> states;
    EXPECT_TRUE(limits->take_at(now, {&take, 1}, states, milliseconds(2000))) << limits->why_away();
    return states.empty() ? BucketState{} : states.front();
  }
  SystemClock clock;
  std::optional<testing_servers::RedisServer> server;
  std::optional<RedisLimits> limits;
};

TEST_F(SharedLimitsTest, DecidesAsTheLocalBucketDoes) {
  SeededRandom dice(7);
  for (std::uint64_t bucket = 1; bucket <= 60; ++bucket) {
    const std::array<std::int64_t, 6> periods{1, 999, 142'857'143, 6'000'000'000, 60'000'000'000, 86'400'000'000'000};
    const BucketShape shape{nanoseconds(periods[dice.below(periods.size())]),
                            static_cast<std::int64_t>(1 + dice.below(20))};
    std::int64_t tat = kBucketFull;
    std::int64_t now = 1'700'000'000'000'000'000 + static_cast<std::int64_t>(dice.below(1'000'000'000));
    std::vector<BucketTake> batch;
    std::vector<BucketState> states;
    for (int i = 0; i < 60; ++i) {
      // Mostly crowded, sometimes exactly when the next token comes, sometimes much later; the clock may go back.
      std::int64_t next = 0;
      const Decision before = decide(tat, now, shape, next);
      switch (dice.below(6)) {
        case 0:
          now += before.next_token.count();
          break;
        case 1:
          now += before.next_token.count() - 1;
          break;
        case 2:
          now += static_cast<std::int64_t>(dice.below(static_cast<std::uint64_t>(shape.depth_ns()) * 2));
          break;
        case 3:
          now -= static_cast<std::int64_t>(dice.below(static_cast<std::uint64_t>(shape.depth_ns())));
          break;
        default:
          break;
      }
      batch.assign(1 + dice.below(4), {3, bucket, 9, shape.period, shape.burst, 1, false});
      ASSERT_TRUE(limits->take_at(now, batch, states, milliseconds(5000))) << limits->why_away();
      for (const BucketState& state : states) {
        const Decision expected = decide(tat, now, shape, tat);
        ASSERT_EQ(state.allowed, expected.allowed) << "period " << shape.period.count() << " burst " << shape.burst;
        ASSERT_EQ(state.ahead, expected.reset_after);
      }
    }
  }
}

TEST_F(SharedLimitsTest, BucketsAreApart) {
  const BucketTake one{1, 5, 5, nanoseconds(1'000'000'000'000), 1, 1, false};
  EXPECT_TRUE(take(one).allowed);
  EXPECT_FALSE(take(one).allowed);
  BucketTake other = one;
  other.policy = 2;
  EXPECT_TRUE(take(other).allowed);
  other = one;
  other.key_lo = 6;
  EXPECT_TRUE(take(other).allowed);
}

TEST_F(SharedLimitsTest, WhatWasGivenAwayIsOwed) {
  const std::int64_t now = 1'700'000'000'000'000'000;
  const BucketTake given{1, 5, 5, nanoseconds(1000), 10, 30, true};
  EXPECT_EQ(take(given, now).ahead, nanoseconds(30'000)) << "three gateways gave a full bucket each";
  const BucketTake ask{1, 5, 5, nanoseconds(1000), 10, 1, false};
  EXPECT_FALSE(take(ask, now + 20'999).allowed);
  EXPECT_TRUE(take(ask, now + 21'000).allowed);
  EXPECT_EQ(take({1, 6, 6, nanoseconds(1000), 10, 1'000'000, true}, now).ahead, nanoseconds(80'000)) << "not for ever";
}

TEST_F(SharedLimitsTest, FullBucketsLeaveNothingBehind) {
  take({1, 5, 5, nanoseconds(1'000'000), 10, 1, false});
  EXPECT_EQ(server->say({"DBSIZE"}), "1");
  EXPECT_TRUE(server->wait_for({"DBSIZE"}, "0"));
}

TEST_F(SharedLimitsTest, ManyGatewaysNeverGetATokenTooMany) {
  const BucketTake ask{1, 7, 7, std::chrono::hours(1), 100, 1, false};
  std::atomic<int> allowed{0};
  std::vector<std::jthread> gateways;
  for (int g = 0; g < 4; ++g) {
    gateways.emplace_back([&] {
      RedisLimits mine = limits_of(server->url(), clock);
      std::vector<BucketState> states;
      for (int i = 0; i < 20; ++i) {
        const std::vector<BucketTake> batch(5, ask);
        ASSERT_TRUE(mine.take(batch, states, milliseconds(5000)));
        for (const BucketState& state : states) allowed += state.allowed;
      }
    });
  }
  gateways.clear();
  EXPECT_EQ(allowed, 100);
}

TEST_F(SharedLimitsTest, FullRedisAndMissingRedisAreAway) {
  server->say({"CONFIG", "SET", "maxmemory", "1mb"});
  server->say({"SET", "ballast", std::string(2'000'000, 'x')});
  std::vector<BucketState> states;
  const BucketTake ask{1, 5, 5, nanoseconds(1000), 10, 1, false};
  EXPECT_FALSE(limits->take({&ask, 1}, states, milliseconds(2000)));
  EXPECT_NE(limits->why_away().find("OOM"), std::string::npos) << limits->why_away();
  server->kill();
  EXPECT_FALSE(limits->take({&ask, 1}, states, milliseconds(2000)));
}

TEST(SharedLimitsInAClusterTest, AreSpreadOverSlots) {
  SCALEMART_NEEDS_REDIS();
  testing_servers::RedisCluster cluster;
  const SystemClock clock;
  RedisLimits limits = limits_of(cluster.url(), clock, 8);
  std::vector<BucketTake> batch;
  for (std::uint64_t i = 0; i < 100; ++i) batch.push_back({1, 1, i, std::chrono::seconds(100), 1, 1, false});
  std::vector<BucketState> states;
  ASSERT_TRUE(limits.take(batch, states, milliseconds(5000))) << limits.why_away();
  for (const BucketState& state : states) EXPECT_TRUE(state.allowed);
  ASSERT_TRUE(limits.take(batch, states, milliseconds(5000)));
  for (const BucketState& state : states) EXPECT_FALSE(state.allowed);
  for (auto& node : cluster.nodes) EXPECT_NE(node->say({"DBSIZE"}), "0");
}

}  // namespace
}  // namespace scalemart
