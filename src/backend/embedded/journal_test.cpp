#include "backend/embedded/journal.hpp"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>

#include "backend/embedded/test_folder.hpp"
#include "domain/record_codec.hpp"

namespace scalemart {
namespace {

using test::reservations;
using test::reserved;
using test::TestFolder;

struct Fatal {
  std::string line;
};

class JournalTest : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "journal.db"; }

  std::unique_ptr<SqliteJournal> open(DiskReserve* reserve = nullptr) {
    auto opened = try_open(reserve);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  Result<std::unique_ptr<SqliteJournal>> try_open(DiskReserve* reserve = nullptr) {
    SqliteJournal::Options options;
    options.file = file();
    options.reserve = reserve;
    options.checkpoint_bytes = checkpoint_bytes_;
    options.fatal = [](const std::string& line) { throw Fatal{line}; };
    options.on_checkpoint = [this](std::chrono::nanoseconds) { ++checkpoints_; };
    return SqliteJournal::open(std::move(options), clock_);
  }
  /// Changes the closed file behind the journal's back.
  void edit(const char* sql) {
    auto db = sqlite::Connection::open(file());
    ASSERT_TRUE(db);
    ASSERT_TRUE(db->execute(sql)) << db->failure("edit").message;
  }
  /// Three batches: 1-3, 4-4, 5-9.
  void fill() {
    auto journal = open();
    journal->append(reservations(1, 3), false);
    after_three_ = journal->head().hash;
    journal->append(reservations(4, 1), false);
    journal->append(reservations(5, 5), false);
  }
  /// "" when the whole journal replays.
  std::string replay_error(Sequence after = 0, const ChainHash& known = {}) {
    auto journal = try_open();
    if (!journal) return journal.error().message;
    auto done = (*journal)->replay(after, known, [](const Record&) {});
    return done ? "" : done.error().message;
  }

  TestFolder folder_;
  SystemClock clock_;
  std::uint64_t checkpoint_bytes_ = 2 << 20;
  int checkpoints_ = 0;
  ChainHash after_three_{};
};

TEST_F(JournalTest, RemovedOrReplacedFileHasNoRoomForBuys) {
  for (const char* suffix : {"", "-wal"}) {
    const std::filesystem::path name = file().string() + suffix;
    std::filesystem::remove(file());
    std::filesystem::remove(file().string() + "-wal");
    auto journal = open();
    ASSERT_TRUE(journal->has_room_for_buys());
    journal->append(reservations(1, 3), false);
    journal->tidy();
    EXPECT_TRUE(journal->has_room_for_buys());
    std::filesystem::rename(name, folder_.path() / "elsewhere");
    EXPECT_FALSE(journal->has_room_for_buys()) << name;
    std::ofstream(name) << "another";
    EXPECT_FALSE(journal->has_room_for_buys()) << name;
    // What is open can still be copied.
    EXPECT_EQ(journal->read_raw(0, 1 << 20)->size(), 1U);
    EXPECT_EQ(journal->append(reservations(4, 1), true), Journal::Appended::durable);
    std::filesystem::rename(folder_.path() / "elsewhere", name);
    EXPECT_TRUE(journal->has_room_for_buys()) << name;
  }
}

TEST_F(JournalTest, StartsEmpty) {
  auto journal = open();
  EXPECT_EQ(journal->head().sequence, 0U);
  EXPECT_EQ(journal->head().hash, ChainHash{});
  EXPECT_TRUE(journal->replay(0, {}, [](const Record&) { FAIL(); }));
  EXPECT_TRUE(journal->has_room_for_buys());
}

TEST_F(JournalTest, GivesBackWhatWasAppended) {
  fill();
  auto journal = open();
  EXPECT_EQ(journal->head().sequence, 9U);
  std::vector<Record> seen;
  ASSERT_TRUE(journal->replay(0, {}, [&](const Record& r) { seen.push_back(r); }));
  ASSERT_EQ(seen.size(), 9U);
  EXPECT_EQ(encode_batch(seen), encode_batch(reservations(1, 9)));
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i].sequence, i + 1);
}

TEST_F(JournalTest, ReplaysFromTheEndOfABatchOnly) {
  fill();
  EXPECT_EQ(replay_error(3, after_three_), "");
  EXPECT_NE(replay_error(2, after_three_), "");
  EXPECT_NE(replay_error(3, ChainHash{}), "");
  EXPECT_NE(replay_error(10, after_three_).find("records are missing"), std::string::npos);
}

TEST_F(JournalTest, ChangedBytesAreNamed) {
  fill();
  edit(
      "UPDATE batch SET bytes = CAST(substr(bytes, 1, 20) || x'ff' || substr(bytes, 22) AS BLOB) WHERE first "
      "= 4");
  EXPECT_NE(replay_error().find("the batch at sequence 4 was changed"), std::string::npos) << replay_error();
}

TEST_F(JournalTest, ChangedHashIsNamed) {
  fill();
  edit("UPDATE batch SET hash = zeroblob(32) WHERE first = 1");
  EXPECT_NE(replay_error().find("the batch at sequence 1 was changed"), std::string::npos) << replay_error();
}

TEST_F(JournalTest, MissingBatchIsNamed) {
  fill();
  edit("DELETE FROM batch WHERE first = 4");
  EXPECT_NE(replay_error().find("the batch at sequence 5 does not follow 3"), std::string::npos) << replay_error();
}

TEST_F(JournalTest, SwappedBatchesAreNamed) {
  fill();
  edit(
      "UPDATE batch SET first = 100 WHERE first = 4; UPDATE batch SET first = 4 WHERE first = 5;"
      "UPDATE batch SET first = 9 WHERE first = 100");
  EXPECT_NE(replay_error().find("the batch at sequence 4 was changed"), std::string::npos) << replay_error();
}

TEST_F(JournalTest, ChangedCountIsNamed) {
  fill();
  edit("UPDATE batch SET count = 2 WHERE first = 1");
  EXPECT_NE(replay_error().find("sequence 1 was changed"), std::string::npos) << replay_error();
  edit("UPDATE batch SET count = 0 WHERE first = 1");
  EXPECT_NE(replay_error().find("sequence 1 is damaged"), std::string::npos) << replay_error();
}

TEST_F(JournalTest, LostTailIsNoticedByWhoKnowsMore) {
  fill();
  edit("DELETE FROM batch WHERE first > 1");
  EXPECT_EQ(replay_error(), "") << "a shorter journal is whole in itself";
  EXPECT_NE(replay_error(9, after_three_).find("records are missing"), std::string::npos);
}

TEST_F(JournalTest, OverwrittenPageIsAnErrorNotACrash) {
  fill();
  {
    std::fstream raw(file(), std::ios::in | std::ios::out | std::ios::binary);
    raw.seekp(8192);
    for (int i = 0; i < 4096; ++i) raw.put(static_cast<char>(i * 7));
  }
  EXPECT_NE(replay_error(), "");
}

TEST_F(JournalTest, NoOtherProcessReadsItMeanwhile) {
  auto journal = open();
  journal->append(reservations(1, 1), false);
  auto second = try_open();
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("locked"), std::string::npos) << second.error().message;
}

TEST_F(JournalTest, ReadsOnForWhoFellBehind) {
  fill();
  auto journal = open();
  std::vector<Sequence> seen;
  const auto visit = [&](const Record& r) { seen.push_back(r.sequence); };
  auto reached = journal->read(1, 1, visit);
  ASSERT_TRUE(reached);
  EXPECT_EQ(*reached, 3U);
  EXPECT_EQ(seen, (std::vector<Sequence>{2, 3}));
  seen.clear();
  reached = journal->read(3, 100, visit);
  ASSERT_TRUE(reached);
  EXPECT_EQ(*reached, 9U);
  EXPECT_EQ(seen, (std::vector<Sequence>{4, 5, 6, 7, 8, 9}));
  reached = journal->read(9, 100, visit);
  ASSERT_TRUE(reached);
  EXPECT_EQ(*reached, 9U);
}

TEST_F(JournalTest, SmallCheckpointsKeepTheWalShort) {
  checkpoint_bytes_ = 256 << 10;
  auto journal = open();
  Sequence next = 1;
  for (int i = 0; i < 200; ++i, next += 100) {
    journal->append(reservations(next, 100), false);
    journal->tidy();
  }
  EXPECT_GT(checkpoints_, 4);
  EXPECT_LT(std::filesystem::file_size(file().string() + "-wal"), 600U << 10);
  EXPECT_TRUE(journal->replay(0, {}, [](const Record&) {}));
}

TEST_F(JournalTest, CopyContinuesTheSameChain) {
  fill();
  auto journal = open();
  SqliteJournal::Options options;
  options.file = folder_.path() / "copy.db";
  auto copy = SqliteJournal::open(std::move(options), clock_);
  ASSERT_TRUE(copy);
  for (Sequence at = 0; at < journal->head().sequence; at = (*copy)->head().sequence) {
    auto batches = journal->read_raw(at, 1);
    ASSERT_TRUE(batches);
    ASSERT_EQ(batches->size(), 1U);
    ASSERT_TRUE((*copy)->append_raw(*batches));
  }
  EXPECT_EQ((*copy)->head().hash, journal->head().hash);
  auto again = journal->read_raw(0, 1);
  ASSERT_TRUE(again);
  EXPECT_FALSE((*copy)->append_raw(*again)) << "the first batch does not continue the chain";
  EXPECT_EQ((*copy)->head().sequence, 9U);
}

/// A small file system of its own, for a disk that fills. Needs root.
class FullDisk : public JournalTest {
 protected:
  void SetUp() override {
    mounted_ = ::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=3m") == 0;
    if (mounted_) return;
    const char* all = ::getenv("SCALEMART_REQUIRE_ALL");
    if (all != nullptr && std::string_view(all) == "1") FAIL() << "cannot mount a tmpfs: run as root";
    GTEST_SKIP() << "SKIPPED: a full disk cannot be tried without the right to mount a tmpfs";
  }
  void TearDown() override {
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  bool mounted_ = false;
};

TEST_F(FullDisk, RefusesBuysReleasesOnAndRecovers) {
  ManualClock clock;
  DiskReserve reserve(folder_.path(), {.ballast_bytes = 1 << 20, .free_bytes_min = 64 << 10}, clock);
  auto journal = open(&reserve);
  ASSERT_TRUE(journal->has_room_for_buys());

  // Some other program fills the disk.
  std::ofstream hog(folder_.path() / "hog");
  const std::vector<char> zeros(64 << 10);
  while (hog.write(zeros.data(), static_cast<std::streamsize>(zeros.size())).flush()) {
  }
  Sequence next = 1;
  while (journal->append(reservations(next, 20), false) == Journal::Appended::durable) next += 20;
  EXPECT_EQ(journal->head().sequence, next - 1) << "no_space leaves the journal as it was";
  EXPECT_FALSE(journal->has_room_for_buys());

  EXPECT_EQ(journal->append(reservations(next, 20), true), Journal::Appended::durable) << "the reserve is for this";
  next += 20;
  clock.advance(std::chrono::seconds(1));
  EXPECT_FALSE(journal->has_room_for_buys());

  hog.close();
  std::filesystem::remove(folder_.path() / "hog");
  clock.advance(std::chrono::seconds(1));
  EXPECT_TRUE(journal->has_room_for_buys());
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "ballast"));
  EXPECT_EQ(journal->append(reservations(next, 20), false), Journal::Appended::durable);
  next += 20;

  const JournalHead head = journal->head();
  journal.reset();
  journal = open(&reserve);
  EXPECT_EQ(journal->head().sequence, head.sequence);
  EXPECT_EQ(journal->head().hash, head.hash);
  EXPECT_TRUE(journal->replay(0, {}, [](const Record&) {}));
}

TEST_F(FullDisk, ShopCanStartOnIt) {
  ManualClock clock;
  Sequence next = 1;
  {
    DiskReserve reserve(folder_.path(), {.ballast_bytes = 1 << 20, .free_bytes_min = 1}, clock);
    auto journal = open(&reserve);
    journal->append(reservations(next, 20), false);
    next += 20;
  }
  std::ofstream hog(folder_.path() / "hog");
  const std::vector<char> zeros(4 << 10);
  while (hog.write(zeros.data(), static_cast<std::streamsize>(zeros.size())).flush()) {
  }
  DiskReserve reserve(folder_.path(), {.ballast_bytes = 1 << 20, .free_bytes_min = 1}, clock);
  auto journal = open(&reserve);
  ASSERT_NE(journal, nullptr);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "ballast")) << "it was needed";
  EXPECT_FALSE(journal->has_room_for_buys());
  EXPECT_EQ(journal->append(reservations(next, 20), true), Journal::Appended::durable);
}

TEST_F(FullDisk, WithoutReserveLeftReleasesFailToo) {
  ManualClock clock;
  DiskReserve reserve(folder_.path(), {.ballast_bytes = 64 << 10, .free_bytes_min = 1}, clock);
  auto journal = open(&reserve);
  std::ofstream hog(folder_.path() / "hog");
  const std::vector<char> zeros(4 << 10);
  while (hog.write(zeros.data(), static_cast<std::streamsize>(zeros.size())).flush()) {
  }
  Sequence next = 1;
  while (journal->append(reservations(next, 20), true) == Journal::Appended::durable) next += 20;
  EXPECT_GT(next, 20U);
  EXPECT_EQ(journal->head().sequence, next - 1);
  EXPECT_FALSE(journal->has_room_for_buys());
}

TEST_F(JournalTest, AnyOtherFailureIsFatal) {
  auto journal = open();
  journal->append(reservations(1, 5), false);
  // The device goes away: every descriptor onto the WAL now refuses to be written.
  ASSERT_TRUE(test::make_read_only(file().string() + "-wal"));
  try {
    journal->append(reservations(6, 5), false);
    FAIL() << "an append whose outcome is unknown returned";
  } catch (const Fatal& fatal) {
    EXPECT_NE(fatal.line.find("storage_failed"), std::string::npos) << fatal.line;
  }
}

}  // namespace
}  // namespace scalemart
