#include "sequencer/recovery.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "sequencer/fakes_for_test.hpp"
#include "sequencer/sequencer.hpp"

namespace scalemart {
namespace {

using test::FakeJournal;
using test::FakeSink;
using test::FakeSnapshots;

/// A shop that sold, with a snapshot on the way and one at the end.
class RecoveryTest : public testing::Test {
 protected:
  void SetUp() override {
    Sequencer::Options options;
    options.snapshots = &snapshots_;
    options.snapshot_records_min = 50;
    options.on_snapshot = [this](const SnapshotReport& report) {
      EXPECT_FALSE(report.failure);
      EXPECT_GT(report.bytes, 0U);
      ++reports_;
    };
    Sequencer sequencer(
        Ledger(), journal_, [] { return WallTime{1'700'000'000'000}; }, clock_, std::move(options));
    sequencer.start();
    Ticket ticket;
    ticket.sink = &sink_;
    ticket.command = test::product("p", 1000);
    ASSERT_TRUE(sequencer.submit(ticket));
    for (std::uint64_t i = 1; i <= 200; ++i) {
      ticket.command = test::buy(i, i % 10 + 1);
      ASSERT_TRUE(sequencer.submit(ticket));
      if (i % 5 == 0) wait_for_answers(i + 1);
    }
    sequencer.stop();
    ASSERT_EQ(journal_.head().sequence, 201U);
  }
  void wait_for_answers(std::size_t count) {
    for (;; std::this_thread::yield()) {
      const std::lock_guard guard(sink_.mutex);
      if (sink_.all.size() >= count) return;
    }
  }
  [[nodiscard]] auto hash_of_all_records() {
    auto recovered = recover(journal_, nullptr);
    EXPECT_TRUE(recovered);
    EXPECT_EQ(recovered->replayed, 201U);
    return recovered->ledger.state_hash();
  }

  SystemClock clock_;
  FakeJournal journal_;
  FakeSnapshots snapshots_;
  FakeSink sink_;
  int reports_ = 0;
};

TEST_F(RecoveryTest, SnapshotAndRecordsMakeTheSameLedger) {
  ASSERT_GE(snapshots_.all.size(), 2U);
  EXPECT_EQ(static_cast<std::size_t>(reports_), snapshots_.all.size());
  auto recovered = recover(journal_, &snapshots_);
  ASSERT_TRUE(recovered) << recovered.error().message;
  EXPECT_EQ(recovered->snapshot, 201U);
  EXPECT_EQ(recovered->replayed, 0U);
  EXPECT_EQ(recovered->ledger.state_hash(), hash_of_all_records());
  EXPECT_TRUE(recovered->notes.empty());

  snapshots_.all.erase(201);
  recovered = recover(journal_, &snapshots_);
  ASSERT_TRUE(recovered) << recovered.error().message;
  EXPECT_GT(recovered->replayed, 0U);
  EXPECT_EQ(recovered->ledger.state_hash(), hash_of_all_records());
  EXPECT_TRUE(recovered->ledger.recount().empty());
}

TEST_F(RecoveryTest, DamagedSnapshotIsPassedOver) {
  for (auto& [sequence, stored] : snapshots_.all) {
    if (sequence == 201) stored.blocks.front()[0] ^= std::byte{0xff};
  }
  auto recovered = recover(journal_, &snapshots_);
  ASSERT_TRUE(recovered) << recovered.error().message;
  EXPECT_LT(recovered->snapshot, 201U);
  EXPECT_EQ(recovered->notes.size(), 1U);
  EXPECT_EQ(recovered->ledger.state_hash(), hash_of_all_records());

  for (auto& [sequence, stored] : snapshots_.all) stored.blocks.pop_back();
  recovered = recover(journal_, &snapshots_);
  ASSERT_TRUE(recovered) << recovered.error().message;
  EXPECT_EQ(recovered->snapshot, 0U);
  EXPECT_EQ(recovered->replayed, 201U);
}

TEST_F(RecoveryTest, SnapshotAheadOfTheJournalIsAnError) {
  FakeJournal shorter;
  shorter.append(journal_.batches.front().records, false);
  const auto recovered = recover(shorter, &snapshots_);
  ASSERT_FALSE(recovered);
  EXPECT_NE(recovered.error().message.find("missing"), std::string::npos);
}

TEST_F(RecoveryTest, SnapshotOfAnotherChainIsAnError) {
  snapshots_.all.at(201).at.hash[0] ^= std::byte{1};
  EXPECT_FALSE(recover(journal_, &snapshots_));
}

TEST_F(RecoveryTest, ImpossibleRecordIsNamed) {
  FakeJournal forged;
  std::vector<Record> records = journal_.batches.front().records;
  records.resize(1);
  auto order = journal_.batches.back().records.back();
  order.sequence = 2;
  std::get<record::Reserved>(order.payload).quantity = 11;
  records.push_back(order);
  forged.append(records, false);
  const auto recovered = recover(forged, nullptr);
  ASSERT_FALSE(recovered);
  EXPECT_NE(recovered.error().message.find("record 2 "), std::string::npos) << recovered.error().message;
}

}  // namespace
}  // namespace scalemart
