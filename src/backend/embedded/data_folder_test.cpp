#include "backend/embedded/data_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "backend/embedded/disk_reserve.hpp"
#include "backend/embedded/test_folder.hpp"

namespace scalemart {
namespace {

using test::TestFolder;

unsigned mode_of(const std::filesystem::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0U;
}

TEST(DataFolder, IsMadeForItsOwnerAlone) {
  TestFolder temp;
  const auto path = temp.path() / "a" / "data";
  auto folder = DataFolder::open(path);
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_TRUE((*folder)->is_new());
  EXPECT_EQ(mode_of(path), 0700U);
  EXPECT_EQ(mode_of(path / "version"), 0600U);
}

TEST(DataFolder, SecondHolderIsToldThePid) {
  TestFolder temp;
  const auto path = temp.path() / "data";
  auto first = DataFolder::open(path);
  ASSERT_TRUE(first);
  auto second = DataFolder::open(path);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("in use by process " + std::to_string(::getpid())), std::string::npos)
      << second.error().message;
  first->reset();
  second = DataFolder::open(path);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_FALSE((*second)->is_new());
}

TEST(DataFolder, NewerFormatIsRefused) {
  TestFolder temp;
  const auto path = temp.path() / "data";
  ASSERT_TRUE(DataFolder::open(path));
  std::ofstream(path / "version") << "scalemart data 2\n";
  auto opened = DataFolder::open(path);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("has format 2"), std::string::npos) << opened.error().message;
  std::ofstream(path / "version") << "???";
  EXPECT_FALSE(DataFolder::open(path));
}

TEST(DataFolder, ForeignFolderIsLeftAsItIs) {
  TestFolder temp;
  const auto path = temp.path() / "home";
  std::filesystem::create_directory(path);
  ::chmod(path.c_str(), 0755);
  std::ofstream(path / "thesis.odt") << "x";
  auto opened = DataFolder::open(path);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("thesis.odt"), std::string::npos);
  EXPECT_EQ(mode_of(path), 0755U);
  EXPECT_FALSE(std::filesystem::exists(path / "lock"));
}

TEST(DataFolder, FreshMountIsTaken) {
  TestFolder temp;
  const auto path = temp.path() / "mount";
  std::filesystem::create_directories(path / "lost+found");
  EXPECT_TRUE(DataFolder::open(path));
}

TEST(DiskReserve, StandsAndIsGivenUpOnce) {
  TestFolder temp;
  ManualClock clock;
  DiskReserve reserve(temp.path(),
                      {.ballast_bytes = 1 << 20, .free_bytes_min = 1, .poll = std::chrono::milliseconds(200)}, clock);
  EXPECT_TRUE(reserve.has_room());
  EXPECT_EQ(std::filesystem::file_size(temp.path() / "ballast"), 1U << 20);
  EXPECT_TRUE(reserve.give_up());
  EXPECT_FALSE(std::filesystem::exists(temp.path() / "ballast"));
  EXPECT_FALSE(reserve.give_up());
}

TEST(DiskReserve, LooksAgainAfterItsTime) {
  TestFolder temp;
  ManualClock clock;
  DiskReserve reserve(temp.path(),
                      {.ballast_bytes = 1 << 20, .free_bytes_min = 1, .poll = std::chrono::milliseconds(200)}, clock);
  EXPECT_TRUE(reserve.has_room());
  reserve.give_up();
  EXPECT_FALSE(reserve.has_room());
  clock.advance(std::chrono::milliseconds(199));
  EXPECT_FALSE(reserve.has_room());
  clock.advance(std::chrono::milliseconds(1));
  EXPECT_TRUE(reserve.has_room());
  EXPECT_TRUE(std::filesystem::exists(temp.path() / "ballast"));
}

TEST(DiskReserve, TooLittleSpaceIsNoRoom) {
  TestFolder temp;
  ManualClock clock;
  DiskReserve reserve(temp.path(), {.ballast_bytes = 0, .free_bytes_min = UINT64_MAX}, clock);
  EXPECT_FALSE(reserve.has_room());
  EXPECT_GT(reserve.free_bytes(), 0U);
}

}  // namespace
}  // namespace scalemart
