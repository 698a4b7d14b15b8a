#include "gateway/middleware/stage_guards.hpp"

#include <gtest/gtest.h>

namespace scalemart {
namespace {

class StageGuardsTest : public ::testing::Test {
 protected:
  ManualClock clock;
  SeededRandom random{7};
  std::unique_ptr<KeyRing> keys =
      std::move(KeyRing::from_secret("0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0").value());
  Revocations revocations;
  Admins admins;
  Limiter limiter{RatePolicies::defaults(), random};
  StageGuards guards{{clock, *keys, revocations, admins, limiter}, {}};
  IpAddress client = IpAddress::v4(0xc0000201);
};

TEST_F(StageGuardsTest, BuysAreLimitedByUserAndNotByAddress) {
  const UserId buyer{1, 1};
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(guards.limit_user(PolicyId::flash_buy, buyer, clock.steady()));
  const auto refusal = guards.limit_user(PolicyId::flash_buy, buyer, clock.steady());
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status, 429);
  EXPECT_NE(refusal->body.find("\"detail\":\"Too many requests.\""), std::string::npos);
  EXPECT_NE(refusal->headers.find("Retry-After: 6\r\n"), std::string::npos) << refusal->headers;
  EXPECT_NE(refusal->headers.find("RateLimit: \"flash_buy\";r=0;t=6\r\n"), std::string::npos);
  EXPECT_NE(refusal->headers.find("RateLimit-Policy: \"flash_buy\";q=10;w=60\r\n"), std::string::npos);
  EXPECT_FALSE(guards.limit_user(PolicyId::flash_buy, UserId{1, 2}, clock.steady()));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(guards.limit_address(PolicyId::flash_buy, client, clock.steady()));
}

TEST_F(StageGuardsTest, OtherRoutesAreLimitedByAddress) {
  int allowed = 0;
  while (!guards.limit_address(PolicyId::register_account, client, clock.steady()) && allowed < 1000) ++allowed;
  EXPECT_EQ(allowed, 120);
  EXPECT_FALSE(guards.limit_user(PolicyId::register_account, UserId{1, 1}, clock.steady()));
  int logins = 0;
  while (!guards.limit_address(PolicyId::login, client, clock.steady()) && logins < 1000) ++logins;
  EXPECT_EQ(logins, 10 * kLoginAddressFactor) << "the account's own limit is the handler's";
}

TEST_F(StageGuardsTest, TokensAndRolesAreTheOtherStages) {
  const TokenSigner signer(*keys);
  const std::string token =
      signer.sign({UserId{1, 2}, FamilyId{3, 4}, Role::buyer, 0}, clock.wall(), std::chrono::minutes(5));
  const auto verified = guards.identify(token);
  ASSERT_TRUE(std::holds_alternative<Principal>(verified));
  EXPECT_EQ(std::get<Principal>(verified).user, (UserId{1, 2}));
  clock.advance(std::chrono::minutes(6));
  EXPECT_EQ(std::get<TokenError>(guards.identify(token)), TokenError::expired);
  EXPECT_EQ(std::get<TokenError>(guards.identify("nonsense")), TokenError::invalid);
  EXPECT_FALSE(guards.is_admin(UserId{1, 2}));
  admins.set(UserId{1, 2}, true);
  EXPECT_TRUE(guards.is_admin(UserId{1, 2}));
}

}  // namespace
}  // namespace scalemart
