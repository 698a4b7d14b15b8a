#include "backend/postgresql/pool.hpp"

#include <gtest/gtest.h>

namespace scalemart::pg {
namespace {

using namespace std::chrono_literals;

TEST(PoolWithoutAServer, AsksOnlyNowAndThen) {
  ManualClock clock;
  Connection::Options nowhere;
  nowhere.url = "postgresql://shop@127.0.0.1:1/shop";
  Pool pool(nowhere, 4, clock);
  EXPECT_FALSE(pool.is_cut_off());
  EXPECT_FALSE(pool.borrow(1s).has_value());
  EXPECT_TRUE(pool.is_cut_off());
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(pool.borrow(1s).has_value());  // told at once
  clock.advance(1s);
  EXPECT_FALSE(pool.borrow(1s).has_value());
}

}  // namespace
}  // namespace scalemart::pg
