#include "backend/embedded/moved_mark.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "backend/embedded/test_folder.hpp"

namespace scalemart {
namespace {

TEST(MovedMark, TellsWhereTheShopIsAndTheWayBack) {
  const test::TestFolder folder;
  EXPECT_EQ(read_moved(folder.path()), std::nullopt);
  EXPECT_EQ(why_moved(folder.path()), "");
  ASSERT_TRUE(mark_moved(folder.path(), {"postgresql://[redacted]@h/a shop", WallTime{1'700'000'000'000}}));
  const auto mark = read_moved(folder.path());
  ASSERT_TRUE(mark);
  EXPECT_EQ(mark->to, "postgresql://[redacted]@h/a shop");
  EXPECT_EQ(mark->at.ms, 1'700'000'000'000);
  EXPECT_THAT(why_moved(folder.path()), testing::HasSubstr("remove the file " + (folder.path() / "moved").string()));
  std::filesystem::remove(folder.path() / "moved");
  EXPECT_EQ(why_moved(folder.path()), "");
}

TEST(MovedMark, AnyFileOfThatNameCounts) {
  const test::TestFolder folder;
  std::ofstream(folder.path() / "moved") << "";
  EXPECT_THAT(why_moved(folder.path()), testing::HasSubstr("was moved to another database"));
}

}  // namespace
}  // namespace scalemart
