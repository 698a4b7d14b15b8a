#include "backend/memory/memory_journal.hpp"

#include <gtest/gtest.h>

#include "backend/embedded/test_folder.hpp"

namespace scalemart {
namespace {

using test::reservations;
using Appended = Journal::Appended;
using Fault = MemoryJournal::Fault;

std::vector<Sequence> sequences_of(MemoryJournal& journal) {
  std::vector<Sequence> seen;
  EXPECT_TRUE(journal.replay(0, {}, [&](const Record& r) { seen.push_back(r.sequence); }));
  return seen;
}

TEST(MemoryJournal, SyncedBatchesSurviveEveryCrash) {
  SeededRandom random(1);
  for (int i = 0; i < 20; ++i) {
    MemoryJournal journal;
    EXPECT_EQ(journal.append(reservations(1, 3), false), Appended::durable);
    EXPECT_EQ(journal.append(reservations(4, 2), false), Appended::durable);
    EXPECT_EQ(sequences_of(*journal.crash(random)), (std::vector<Sequence>{1, 2, 3, 4, 5}));
  }
}

TEST(MemoryJournal, LyingSyncsLoseSomeTail) {
  SeededRandom random(2);
  int lost = 0;
  for (int i = 0; i < 50; ++i) {
    MemoryJournal journal;
    EXPECT_EQ(journal.append(reservations(1, 1), false), Appended::durable);
    journal.set_lying_sync(true);
    EXPECT_EQ(journal.append(reservations(2, 1), false), Appended::durable);
    EXPECT_EQ(journal.append(reservations(3, 1), false), Appended::durable);
    const auto survivor = journal.crash(random);
    EXPECT_GE(survivor->head().sequence, 1U);
    lost += survivor->head().sequence < 3;
  }
  EXPECT_GT(lost, 10);
}

TEST(MemoryJournal, DiesBeforeOrAfterTheBatchIsThere) {
  SeededRandom random(3);
  for (const bool after : {false, true}) {
    MemoryJournal journal;
    journal.script(after ? Fault::fatal_after_durable : Fault::fatal_before_durable, 1);
    EXPECT_EQ(journal.append(reservations(1, 1), false), Appended::durable);
    EXPECT_THROW(journal.append(reservations(2, 1), false), MemoryJournal::Died);
    EXPECT_EQ(journal.crash(random)->head().sequence, after ? 2U : 1U);
  }
}

TEST(MemoryJournal, FullDiskTakesReleasesFromTheReserveOnly) {
  MemoryJournal journal;
  journal.set_reserve(1);
  journal.script(Fault::no_space);
  EXPECT_EQ(journal.append(reservations(1, 1), false), Appended::no_space);
  EXPECT_FALSE(journal.has_room_for_buys());
  EXPECT_EQ(journal.append(reservations(1, 1), true), Appended::durable);
  EXPECT_EQ(journal.append(reservations(2, 1), true), Appended::no_space);
  journal.set_room(true);
  EXPECT_EQ(journal.append(reservations(2, 1), false), Appended::durable);
  EXPECT_EQ(journal.head().sequence, 2U);
}

TEST(MemoryJournal, DamageIsNamed) {
  MemoryJournal journal;
  journal.append(reservations(1, 3), false);
  const ChainHash known = journal.head().hash;
  journal.append(reservations(4, 3), false);
  EXPECT_TRUE(journal.replay(3, known, [](const Record&) {}));
  EXPECT_FALSE(journal.replay(2, known, [](const Record&) {}));
  journal.damage(5);
  const auto done = journal.replay(0, {}, [](const Record&) {});
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message.find("sequence 4 was changed"), std::string::npos);
}

TEST(MemoryJournal, ReadsWholeBatches) {
  MemoryJournal journal;
  journal.append(reservations(1, 3), false);
  journal.append(reservations(4, 3), false);
  std::vector<Sequence> seen;
  const auto reached = journal.read(1, 1, [&](const Record& r) { seen.push_back(r.sequence); });
  ASSERT_TRUE(reached);
  EXPECT_EQ(*reached, 3U);
  EXPECT_EQ(seen, (std::vector<Sequence>{2, 3}));
}

}  // namespace
}  // namespace scalemart
