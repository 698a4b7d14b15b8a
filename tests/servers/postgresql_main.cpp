// A test program about PostgreSQL: without a server nothing of it can run, and says so once.
#include <gtest/gtest.h>

#include "tests/servers/postgresql.hpp"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (!::testing::GTEST_FLAG(list_tests) && scalemart::test::postgresql_server() == nullptr) {
    std::fprintf(stderr, "PostgreSQL (Debian package postgresql) is not installed: NOT TESTED\n");
    return scalemart::test::requires_all() ? 1 : 77;
  }
  return RUN_ALL_TESTS();
}
