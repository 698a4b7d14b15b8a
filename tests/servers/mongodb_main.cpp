// A test program about MongoDB: without a server nothing of it can run, and says so once.
#include <gtest/gtest.h>

#include "tests/servers/mongodb.hpp"

// libmongoc's threads share what they know of servers by atomics inside the library, which ThreadSanitizer does not
// see: it is built for our own code alone.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:libbson-1.0.so\nrace:libmongoc-1.0.so\n";
}

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (!::testing::GTEST_FLAG(list_tests) && scalemart::test::mongodb_server() == nullptr) {
    std::fprintf(stderr, "No server of MongoDB's protocol (see tests/servers/ferretdb_server.py): NOT TESTED\n");
    return scalemart::test::requires_all() ? 1 : 77;
  }
  return RUN_ALL_TESTS();
}
