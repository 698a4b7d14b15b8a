#include "app/store_advice.hpp"

#include <gtest/gtest.h>

namespace scalemart {
namespace {

TEST(StoreAdvice, SaysWhatToDoOnceAndOnOneLine) {
  EXPECT_EQ(
      with_advice("SCALEMART_REDIS", "Redis redis://h: h:6379: WRONGPASS invalid username-password pair."),
      "SCALEMART_REDIS: Redis redis://h: h:6379: WRONGPASS invalid username-password pair; put the right user and "
      "password into the address, best into a file that SCALEMART_REDIS_FILE names");
  EXPECT_EQ(with_advice("SCALEMART_DATABASE",
                        "PostgreSQL: connection to h failed: Connection refused  Is the server "
                        "running on that host and accepting connections?"),
            "SCALEMART_DATABASE: PostgreSQL: connection to h failed: Connection refused; start the server there, or "
            "correct the address");
}

TEST(StoreAdvice, LeavesALineAloneThatSaysSoItself) {
  EXPECT_EQ(with_advice("SCALEMART_DATABASE", "PostgreSQL: fsync is off: set fsync = on"),
            "SCALEMART_DATABASE: PostgreSQL: fsync is off: set fsync = on");
}

}  // namespace
}  // namespace scalemart
