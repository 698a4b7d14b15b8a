#include "admission/limiter.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace scalemart {
namespace {

using namespace std::chrono_literals;

class LimiterTest : public ::testing::Test {
 protected:
  static RatePolicies with_buy(const char* text) {
    RatePolicies policies = RatePolicies::defaults();
    policies.flash_buy = *RatePolicy::parse(text);
    return policies;
  }
  static int allowed_of(Limiter& limiter, int tries, LimitKey key, SteadyTime now) {
    int allowed = 0;
    for (int i = 0; i < tries; ++i) allowed += limiter.take(PolicyId::flash_buy, key, now).allowed;
    return allowed;
  }
  SeededRandom random{7};
  SteadyTime now{1h};
};

TEST_F(LimiterTest, EachKeyHasItsOwnBucket) {
  Limiter limiter(with_buy("10/60s"), random);
  for (std::uint64_t user = 0; user < 5000; ++user) EXPECT_EQ(allowed_of(limiter, 12, {user, ~user}, now), 10);
  EXPECT_EQ(limiter.counts(PolicyId::flash_buy).allowed, 50'000u);
  EXPECT_EQ(limiter.counts(PolicyId::flash_buy).refused, 10'000u);
  EXPECT_EQ(limiter.counts(PolicyId::flash_buy).buckets, 5000u);
  for (std::uint64_t user = 0; user < 5000; ++user) EXPECT_EQ(allowed_of(limiter, 2, {user, ~user}, now + 6s), 1);
}

TEST_F(LimiterTest, PoliciesDoNotShareBuckets) {
  Limiter limiter(with_buy("1/60s"), random);
  EXPECT_TRUE(limiter.take(PolicyId::flash_buy, {1, 1}, now).allowed);
  EXPECT_FALSE(limiter.take(PolicyId::flash_buy, {1, 1}, now).allowed);
  EXPECT_TRUE(limiter.take(PolicyId::login, {1, 1}, now).allowed);
}

TEST_F(LimiterTest, FiveHundredParallelRequestsOfOneUserGetTen) {
  Limiter limiter(with_buy("10/60s"), random);
  std::atomic<int> allowed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 500; ++i)
    threads.emplace_back([&] { allowed += limiter.take(PolicyId::flash_buy, {3, 4}, now).allowed; });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(allowed.load(), 10);
}

TEST_F(LimiterTest, RefusalsOfTheLastMinuteAreToldWithoutNames) {
  Limiter limiter(with_buy("1/60s"), random);
  for (int i = 0; i < 31; ++i) static_cast<void>(limiter.take(PolicyId::flash_buy, {1, 1}, now));
  for (int i = 0; i < 11; ++i) static_cast<void>(limiter.take(PolicyId::flash_buy, {2, 2}, now));
  static_cast<void>(limiter.take(PolicyId::flash_buy, {3, 3}, now));  // allowed: not among them
  const auto at_once = limiter.refusals(PolicyId::flash_buy, now);
  EXPECT_EQ(at_once.refused, 40u);
  EXPECT_EQ(at_once.distinct, 2u);
  EXPECT_DOUBLE_EQ(at_once.largest_share, 0.75);
  EXPECT_EQ(limiter.refusals(PolicyId::flash_buy, now + 59s).refused, 40u);
  const auto later = limiter.refusals(PolicyId::flash_buy, now + 60s);
  EXPECT_EQ(later.refused, 0u);
  EXPECT_EQ(later.distinct, 0u);
  EXPECT_EQ(later.largest_share, 0);
  EXPECT_EQ(limiter.counts(PolicyId::flash_buy).refused, 40u) << "the counter since the start goes on";
}

TEST_F(LimiterTest, RefusalsOfOnePolicyAreNotAnothers) {
  Limiter limiter(with_buy("1/60s"), random);
  for (int i = 0; i < 3; ++i) static_cast<void>(limiter.take(PolicyId::flash_buy, {1, 1}, now));
  EXPECT_EQ(limiter.refusals(PolicyId::flash_buy, now).refused, 2u);
  EXPECT_EQ(limiter.refusals(PolicyId::login, now).refused, 0u);
}

TEST_F(LimiterTest, OffLetsEverythingThrough) {
  Limiter limiter(with_buy("off"), random);
  EXPECT_EQ(allowed_of(limiter, 1000, {1, 1}, now), 1000);
  EXPECT_EQ(limiter.counts(PolicyId::flash_buy).buckets, 0u);
  EXPECT_TRUE(limiter.policy_header(PolicyId::flash_buy).view().empty());
}

TEST_F(LimiterTest, BusyBucketsAreNeverEvicted) {
  Limiter limiter(with_buy("2/60s"), random, 6400);
  EXPECT_EQ(allowed_of(limiter, 3, {77, 77}, now), 2);
  for (std::uint64_t i = 0; i < 50'000; ++i) (void)limiter.take(PolicyId::flash_buy, {i, 9}, now);
  EXPECT_EQ(allowed_of(limiter, 3, {77, 77}, now), 0);
  const Limiter::Counts counts = limiter.counts(PolicyId::flash_buy);
  EXPECT_LE(counts.buckets, 6400u);
  EXPECT_GT(counts.untracked, 40'000u);
}

TEST_F(LimiterTest, FullBucketsMakeRoomForNewKeys) {
  Limiter limiter(with_buy("2/60s"), random, 6400);
  for (std::uint64_t i = 0; i < 6400; ++i) (void)limiter.take(PolicyId::flash_buy, {i, 9}, now);
  const std::uint64_t before = limiter.counts(PolicyId::flash_buy).untracked;
  for (std::uint64_t i = 0; i < 3000; ++i) (void)limiter.take(PolicyId::flash_buy, {i, 10}, now + 2min);
  EXPECT_EQ(limiter.counts(PolicyId::flash_buy).untracked, before);
  EXPECT_LE(limiter.counts(PolicyId::flash_buy).buckets, 6400u);
}

TEST_F(LimiterTest, EvictionAndGrowthChangeNoDecision) {
  // The same requests on a roomy table and on buckets kept one by one.
  Limiter limiter(with_buy("3/1s"), random, 640'000);
  const BucketShape shape = RatePolicy::parse("3/1s")->shape();
  std::vector<Gcra> exact(3000);
  SteadyTime t = now;
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t key = random.below(exact.size());
    t += std::chrono::microseconds(random.below(300));
    ASSERT_EQ(limiter.take(PolicyId::flash_buy, {key, key}, t).allowed, exact[key].take(t, shape).allowed) << i;
  }
}

TEST_F(LimiterTest, LooserPolicyHelpsAtOnce) {
  Limiter limiter(with_buy("10/60s"), random);
  EXPECT_EQ(allowed_of(limiter, 20, {1, 1}, now), 10);
  limiter.change(PolicyId::flash_buy, *RatePolicy::parse("100/1s"), now);
  EXPECT_EQ(allowed_of(limiter, 20, {1, 1}, now), 0);
  EXPECT_EQ(allowed_of(limiter, 200, {1, 1}, now + 1s), 100);
  EXPECT_EQ(limiter.policy(PolicyId::flash_buy).to_string(), "100/1s");
}

TEST_F(LimiterTest, StricterPolicyGivesNoFreshBurst) {
  Limiter limiter(with_buy("100/60s"), random);
  EXPECT_EQ(allowed_of(limiter, 200, {1, 1}, now), 100);
  limiter.change(PolicyId::flash_buy, *RatePolicy::parse("5/60s"), now);
  EXPECT_EQ(allowed_of(limiter, 20, {1, 1}, now), 0);
  EXPECT_EQ(allowed_of(limiter, 20, {2, 2}, now), 5);
}

TEST_F(LimiterTest, PolicyChangesWhileOthersTake) {
  Limiter limiter(with_buy("10/60s"), random);
  std::atomic<bool> stop{false};
  std::thread taker([&] {
    for (std::uint64_t i = 0; !stop; ++i) (void)limiter.take(PolicyId::flash_buy, {i % 100, 1}, now);
  });
  for (int i = 0; i < 200; ++i) {
    limiter.change(PolicyId::flash_buy, *RatePolicy::parse(i % 3 == 0 ? "off" : i % 3 == 1 ? "1/1s" : "10/60s"), now);
    (void)limiter.counts(PolicyId::flash_buy);
  }
  stop = true;
  taker.join();
  EXPECT_TRUE(limiter.policy(PolicyId::flash_buy).enabled);
}

TEST_F(LimiterTest, ChangingAllDerivesTheLoginLimitOfAddresses) {
  Limiter limiter(RatePolicies::defaults(), random);
  RatePolicies policies = RatePolicies::defaults();
  policies.login = *RatePolicy::parse("3/1s");
  limiter.change(policies, now);
  EXPECT_EQ(limiter.policy(PolicyId::login_address).to_string(), "18/1s");
}

TEST_F(LimiterTest, HeadersFollowTheDraft) {
  Limiter limiter(with_buy("10/60s"), random);
  EXPECT_EQ(limiter.policy_header(PolicyId::flash_buy).view(), "\"flash_buy\";q=10;w=60");
  EXPECT_EQ(limiter.policy_header(PolicyId::other).view(), "\"default\";q=60000;w=60");
  const Decision first = limiter.take(PolicyId::flash_buy, {1, 1}, now);
  EXPECT_EQ(Limiter::limit_header(PolicyId::flash_buy, first).view(), "\"flash_buy\";r=9;t=6");
  (void)allowed_of(limiter, 9, {1, 1}, now);
  const Decision refused = limiter.take(PolicyId::flash_buy, {1, 1}, now + 500ms);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(Limiter::limit_header(PolicyId::flash_buy, refused).view(), "\"flash_buy\";r=0;t=6");
  EXPECT_EQ(Limiter::retry_after_seconds(refused), 6u);
  limiter.change(PolicyId::flash_buy, *RatePolicy::parse("5/250ms"), now);
  EXPECT_EQ(limiter.policy_header(PolicyId::flash_buy).view(), "\"flash_buy\";q=20;w=1");
}

}  // namespace
}  // namespace scalemart
