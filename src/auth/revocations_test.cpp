#include "auth/revocations.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace scalemart {
namespace {

using namespace std::chrono_literals;
constexpr WallTime kNow{1'700'000'000'000};

TEST(Revocations, EmptyAllowsEverything) {
  const Revocations revocations;
  EXPECT_TRUE(revocations.allows({1, 1}, {2, 2}, 0));
}

TEST(Revocations, UserAndFamilyAreSeparate) {
  Revocations revocations;
  revocations.revoke_user({1, 1}, 2, kNow);
  revocations.revoke_family({3, 3}, kNow);
  EXPECT_FALSE(revocations.allows({1, 1}, {2, 2}, 1));
  EXPECT_TRUE(revocations.allows({1, 1}, {2, 2}, 2));
  EXPECT_FALSE(revocations.allows({5, 5}, {3, 3}, 9));
  EXPECT_TRUE(revocations.allows({3, 3}, {1, 1}, 0)) << "a user is no family";
}

TEST(Revocations, LaterEpochReplacesAndEarlierOneDoesNot) {
  Revocations revocations;
  revocations.revoke_user({1, 1}, 5, kNow);
  revocations.revoke_user({1, 1}, 3, kNow + 1h);
  EXPECT_FALSE(revocations.allows({1, 1}, {2, 2}, 4));
  EXPECT_EQ(revocations.size(), 1u);
  revocations.sweep(kNow + 30min);
  EXPECT_EQ(revocations.size(), 1u) << "the later time counts";
}

TEST(Revocations, ForgottenOnlyWhenTheirTokensHaveExpired) {
  Revocations revocations;
  revocations.revoke_user({1, 1}, 1, kNow + 10min);
  revocations.revoke_family({2, 2}, kNow + 20min);
  revocations.sweep(kNow + 10min);
  EXPECT_EQ(revocations.size(), 2u);
  revocations.sweep(kNow + 11min);
  EXPECT_EQ(revocations.size(), 1u);
  EXPECT_FALSE(revocations.allows({1, 1}, {2, 2}, 0));
  revocations.sweep(kNow + 21min);
  EXPECT_EQ(revocations.size(), 0u);
  EXPECT_TRUE(revocations.allows({1, 1}, {2, 2}, 0));
}

TEST(Revocations, WhoIsToldOfItSeesItWhileOthersAddAndSweep) {
  Revocations revocations;
  constexpr std::uint64_t kCount = 5000;
  std::atomic<std::uint64_t> told{0};
  std::thread writer([&] {
    for (std::uint64_t i = 1; i <= kCount; ++i) {
      revocations.revoke_family({9, i}, kNow);
      revocations.revoke_family({1, i}, kNow + 1h);
      told.store(i);
      if (i % 64 == 0) revocations.sweep(kNow + 1ms);
    }
  });
  std::uint64_t wrong = 0;
  for (std::uint64_t last = 0; last < kCount;) {
    last = told.load();
    if (last > 0 && revocations.allows({5, 5}, {1, last}, 0)) ++wrong;
    if (!revocations.allows({5, 5}, {7, last}, 0)) ++wrong;
  }
  writer.join();
  EXPECT_EQ(wrong, 0u);
}

TEST(Revocations, ManyInOneSlotAreToldApart) {
  Revocations revocations;
  for (std::uint64_t i = 0; i < 200'000; i += 2) revocations.revoke_family({4, i}, kNow);
  for (std::uint64_t i = 0; i < 200'000; i += 997) EXPECT_EQ(revocations.allows({0, 0}, {4, i}, 0), i % 2 == 1) << i;
}

}  // namespace
}  // namespace scalemart
