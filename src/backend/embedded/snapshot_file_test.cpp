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
    const auto done = files_.write(at, [&](const SnapshotStore::Sink& sink) -> Result<void> {
      for (std::size_t i = 0; i < content.size(); i += kBlock)
        if (auto put = sink(std::span(content).subspan(i, std::min(kBlock, content.size() - i))); !put) return put;
      return {};
    });
    ASSERT_TRUE(done) << done.error().message;
  }
  /// The whole content, or the first error.
  Result<std::vector<std::byte>> load(Sequence sequence) {
    auto reader = files_.open(sequence);
    if (!reader) return reader.error();
    std::vector<std::byte> content;
    for (;;) {
      const auto block = (*reader)->next();
      if (!block) return block.error();
      if (block->empty()) return content;
      content.insert(content.end(), block->begin(), block->end());
    }
  }
  static constexpr std::size_t kBlock = 700'000;
  test::TestFolder folder_;
  SnapshotFiles files_{folder_.path()};
};

TEST_F(SnapshotFilesTest, GiveBackWhatWasWritten) {
  for (const std::size_t size : {0UL, 1UL, 1UL << 20, (1UL << 20) + 1, 5'000'000UL}) {
    write(size + 1, content_of(size));
    const auto loaded = load(size + 1);
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ(*loaded, content_of(size));
    const auto reader = files_.open(size + 1);
    EXPECT_EQ((*reader)->at().sequence, size + 1);
    EXPECT_EQ((*reader)->at().hash[0], static_cast<std::byte>(size + 1));
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
    EXPECT_FALSE(load(3)) << "byte " << at;
    raw.seekp(static_cast<std::streamoff>(at));
    raw.put(static_cast<char>(old));
  }
  EXPECT_TRUE(load(3));
}

TEST_F(SnapshotFilesTest, EveryOtherLengthIsNoticed) {
  write(3, content_of(300));
  const auto size = std::filesystem::file_size(files_.file(3));
  std::ofstream(files_.file(3), std::ios::app) << 'x';
  EXPECT_FALSE(load(3));
  for (std::uintmax_t shorter = size; shorter-- > 0;) {
    std::filesystem::resize_file(files_.file(3), shorter);
    EXPECT_FALSE(load(3)) << shorter << " bytes";
  }
  EXPECT_FALSE(load(4));
}

TEST_F(SnapshotFilesTest, FailedWriteLeavesTheOlderOnes) {
  write(3, content_of(10));
  const auto done = files_.write({4, {}}, [](const SnapshotStore::Sink&) -> Result<void> { return error("no"); });
  EXPECT_FALSE(done);
  EXPECT_EQ(files_.list(), (std::vector<Sequence>{3}));
  EXPECT_FALSE(std::filesystem::exists(files_.file(4).string() + ".tmp"));
}

}  // namespace
}  // namespace scalemart
