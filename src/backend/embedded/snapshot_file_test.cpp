#include "backend/embedded/snapshot_file.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "backend/embedded/test_folder.hpp"

namespace scalemart {
namespace {

std::vector<std::byte> content_of(std::size_t size) {
  std::vector<std::byte> content(size);
  for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<std::byte>(i * 31 + (i >> 12));
  return content;
}

class SnapshotFilesTest : public testing::Test {
 protected:
  void write(Sequence sequence, const std::vector<std::byte>& content) {
    JournalHead at{sequence, {}};
    at.hash[0] = static_cast<std::byte>(sequence);
    const auto done = files_.write(at, [&](const SnapshotStore::Sink& sink) {
      const std::span all(content);
      sink(all.first(all.size() / 3));
      sink(all.subspan(all.size() / 3));
    });
    ASSERT_TRUE(done) << done.error().message;
  }
  test::TestFolder folder_;
  SnapshotFiles files_{folder_.path()};
};

TEST_F(SnapshotFilesTest, GiveBackWhatWasWritten) {
  for (const std::size_t size : {0UL, 1UL, 1UL << 20, (1UL << 20) + 1, 5'000'000UL}) {
    write(size + 1, content_of(size));
    const auto loaded = files_.load(size + 1);
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ(loaded->content, content_of(size));
    EXPECT_EQ(loaded->at.sequence, size + 1);
    EXPECT_EQ(loaded->at.hash[0], static_cast<std::byte>(size + 1));
  }
}

TEST_F(SnapshotFilesTest, NewestTwoAreKept) {
  EXPECT_TRUE(files_.list().empty());
  std::ofstream(files_.file(5).string() + ".tmp") << "half";
  for (const Sequence sequence : {7U, 100U, 90U}) write(sequence, content_of(10));
  EXPECT_EQ(files_.list(), (std::vector<Sequence>{100, 90}));
  EXPECT_FALSE(std::filesystem::exists(files_.file(5).string() + ".tmp"));
}

TEST_F(SnapshotFilesTest, EveryFlippedByteIsNoticed) {
  write(3, content_of(300));
  const auto size = std::filesystem::file_size(files_.file(3));
  for (std::uintmax_t at = 0; at < size; ++at) {
    std::fstream raw(files_.file(3), std::ios::in | std::ios::out | std::ios::binary);
    raw.seekg(static_cast<std::streamoff>(at));
    const int old = raw.get();
    raw.seekp(static_cast<std::streamoff>(at));
    raw.put(static_cast<char>(old ^ 0x10));
    raw.flush();
    EXPECT_FALSE(files_.load(3)) << "byte " << at;
    raw.seekp(static_cast<std::streamoff>(at));
    raw.put(static_cast<char>(old));
  }
  EXPECT_TRUE(files_.load(3));
}

TEST_F(SnapshotFilesTest, EveryOtherLengthIsNoticed) {
  write(3, content_of(300));
  const auto size = std::filesystem::file_size(files_.file(3));
  std::ofstream(files_.file(3), std::ios::app) << 'x';
  EXPECT_FALSE(files_.load(3));
  for (std::uintmax_t shorter = size; shorter-- > 0;) {
    std::filesystem::resize_file(files_.file(3), shorter);
    EXPECT_FALSE(files_.load(3)) << shorter << " bytes";
  }
  EXPECT_FALSE(files_.load(4));
}

}  // namespace
}  // namespace scalemart
