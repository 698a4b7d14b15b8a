#include "port/shop_sums.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scalemart {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Small {
  CopiedProduct product{ProductRef{0}, spec(), {5, 3, 1, 1}, false, false, 9, WallTime{9}};
  ProductEvent event{ProductRef{0}, 1, WallTime{1}, ProductEvent::Kind::created, 5, ""};
  CopiedOrder held, sold;
  CopiedUser user;
  CopiedLogin login;
  CopiedRevocation revocation{{1, 1}, WallTime{1}};
  AuditRow audit;
  Setting setting{"key", "1"};

  Small() {
    held.id = {1, 1};
    held.quantity = 1;
    held.unit_price = 10;
    sold = held;
    sold.id = {1, 2};
    sold.status = OrderStatus::confirmed;
    audit.sequence = 1;
    audit.entry.what = "x";
    audit.hash = audit_hash({}, 1, audit.entry);
  }
  static std::shared_ptr<const ProductSpec> spec() {
    auto made = std::make_shared<ProductSpec>();
    made->id = "thing";
    made->currency.code = {'E', 'U', 'R'};
    return made;
  }
  [[nodiscard]] ShopSums sums() const {
    ShopSummary summary;
    const std::vector<CopiedOrder> orders{held, sold};
    EXPECT_TRUE(summary.take(std::span(&product, 1)));
    EXPECT_TRUE(summary.take(std::span(&event, 1)));
    EXPECT_TRUE(summary.take(std::span<const CopiedOrder>(orders)));
    EXPECT_TRUE(summary.take(std::span(&user, 1)));
    EXPECT_TRUE(summary.take(std::span(&login, 1)));
    EXPECT_TRUE(summary.take(std::span(&revocation, 1)));
    EXPECT_TRUE(summary.take(std::span(&audit, 1)));
    EXPECT_TRUE(summary.take(std::span(&setting, 1)));
    return summary.finish();
  }
};

TEST(ShopSums, AddUpAndAgree) {
  const ShopSums sums = Small().sums();
  EXPECT_THAT(sums.faults(), IsEmpty());
  EXPECT_EQ(sums.orders[0], 1U);
  EXPECT_EQ(sums.orders[2], 1U);
  EXPECT_EQ(sums.money.at("EUR").confirmed, 10);
  EXPECT_EQ(sums.products[0].total, 5);
  EXPECT_THAT(differences(sums, Small().sums()), IsEmpty());
  EXPECT_EQ(sums.digest(), Small().sums().digest());
}

TEST(ShopSums, OneChangedFieldOfAnyTableShows) {
  const ShopSums good = Small().sums();
  const auto changed = [&](const std::function<void(Small&)>& change) {
    Small other;
    change(other);
    const ShopSums sums = other.sums();
    EXPECT_NE(sums.digest(), good.digest());
    return differences(good, sums);
  };
  const std::string other = ": as many rows, but not the same ones";
  EXPECT_THAT(changed([](Small& s) { s.product.last_at = WallTime{8}; }), ElementsAre("products" + other));
  EXPECT_THAT(changed([](Small& s) { s.event.reason = "why"; }), ElementsAre("product events" + other));
  EXPECT_THAT(changed([](Small& s) { s.held.fence = 1; }), ElementsAre("orders" + other));
  EXPECT_THAT(changed([](Small& s) { s.held.due = WallTime{0}; }), ElementsAre("orders" + other));
  EXPECT_THAT(changed([](Small& s) { std::swap(s.held, s.sold); }), ElementsAre("orders" + other));
  EXPECT_THAT(changed([](Small& s) { s.user.account.password_hash = "$"; }), ElementsAre("users" + other));
  EXPECT_THAT(changed([](Small& s) { s.login.family.token[31] = std::byte{1}; }), ElementsAre("logins" + other));
  EXPECT_THAT(changed([](Small& s) { s.revocation.at = WallTime{2}; }), ElementsAre("revocations" + other));
  EXPECT_THAT(changed([](Small& s) { s.setting.json = "2"; }), ElementsAre("settings" + other));
}

TEST(ShopSums, WhatDoesNotFitTogetherIsAFault) {
  Small oversold;
  oversold.sold.quantity = 2;
  EXPECT_THAT(oversold.sums().faults(), ElementsAre("the stock of thing is not what its orders and events say"));
  Small restocked;
  restocked.event.delta = 4;
  EXPECT_THAT(restocked.sums().faults(), ElementsAre("the stock of thing is not what its orders and events say"));
  Small forged;
  forged.audit.entry.who = "nobody";
  EXPECT_THAT(forged.sums().faults(), ElementsAre("the audit trail was changed at row 1"));
}

TEST(ShopSums, OrderOfNoProductEndsTheWalk) {
  ShopSummary summary;
  const CopiedOrder order;
  EXPECT_FALSE(summary.take(std::span(&order, 1)));
}

}  // namespace
}  // namespace scalemart
