#include "app/product_window.hpp"

#include <gtest/gtest.h>

namespace scalemart {
namespace {

using namespace std::chrono_literals;

class ProductWindows : public ::testing::Test {
 protected:
  Offers offers(std::size_t count) {
    while (live.size() < count) {
      live.push_back(std::make_shared<LiveStock>());
      live.back()->publish({100, 100, 0, 0}, 1);
    }
    std::vector<Offer> all;
    for (std::size_t i = 0; i < count; ++i) {
      auto spec = std::make_shared<ProductSpec>();
      spec->id = "p" + std::to_string(i);
      all.push_back({ProductRef{static_cast<std::uint32_t>(i)}, spec, false, false, live[i]});
    }
    return Offers(std::move(all));
  }
  void tick(std::size_t count) {
    window.tick(offers(count), now);
    now += 1s;
  }
  std::vector<std::shared_ptr<LiveStock>> live;
  ProductWindow window;
  SteadyTime now{100s};
};

TEST_F(ProductWindows, NothingIsKnownFromOneLook) {
  tick(1);
  EXPECT_TRUE(window.rates().empty());
}

TEST_F(ProductWindows, OrdersAndUnitsAreTold) {
  tick(1);
  live[0]->count_accepted(4);
  live[0]->publish({100, 92, 5, 3}, 2);
  tick(1);
  const auto rates = window.rates();
  ASSERT_EQ(rates.size(), 1U);
  EXPECT_DOUBLE_EQ(rates[0].accepted_per_second, 4);
  EXPECT_DOUBLE_EQ(rates[0].units_per_second, 8);
}

TEST_F(ProductWindows, ARestockIsNoSale) {
  tick(1);
  live[0]->publish({1100, 1100, 0, 0}, 2);
  tick(1);
  EXPECT_DOUBLE_EQ(window.rates()[0].units_per_second, 0);
}

TEST_F(ProductWindows, UnitsThatComeBackCountAgainst) {
  live.push_back(std::make_shared<LiveStock>());
  live[0]->publish({100, 90, 10, 0}, 1);
  tick(1);
  live[0]->publish({100, 96, 4, 0}, 2);
  tick(1);
  EXPECT_DOUBLE_EQ(window.rates()[0].units_per_second, -6);
}

TEST_F(ProductWindows, OnlyTheLastTenSecondsCount) {
  tick(1);
  live[0]->count_accepted(1000);
  for (int i = 0; i < 11; ++i) tick(1);
  EXPECT_DOUBLE_EQ(window.rates()[0].accepted_per_second, 0);
  live[0]->count_accepted(50);
  tick(1);
  EXPECT_DOUBLE_EQ(window.rates()[0].accepted_per_second, 5);
}

TEST_F(ProductWindows, AProductThatIsMadeMeanwhileBeginsAtNothing) {
  tick(1);
  tick(2);
  live[1]->count_accepted(6);
  tick(2);
  const auto rates = window.rates();
  ASSERT_EQ(rates.size(), 2U);
  EXPECT_DOUBLE_EQ(rates[1].accepted_per_second, 3);
}

}  // namespace
}  // namespace scalemart
