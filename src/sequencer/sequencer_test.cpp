#include "sequencer/sequencer.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "sequencer/fakes_for_test.hpp"

namespace scalemart {
namespace {

using test::buy;
using test::FakeJournal;
using test::FakeSink;

class SequencerTest : public testing::Test {
 protected:
  void make(Sequencer::Options options = {}) {
    sequencer_.emplace(
        Ledger(), journal_, [this] { return time_; }, clock_, std::move(options));
  }
  void submit(Command command, FakeSink& sink, std::uint64_t token = 0, SteadyTime deadline = {}) {
    Ticket ticket;
    ticket.command = std::move(command);
    ticket.sink = &sink;
    ticket.token = token;
    ticket.deadline = deadline;
    ASSERT_TRUE(sequencer_->submit(std::move(ticket)));
  }
  void with_product(std::int64_t total) {
    submit(test::product("p", total), admin_);
    sequencer_->step();
    ASSERT_EQ(admin_.outcomes(), std::vector<Outcome>{Outcome::done});
  }

  ManualClock clock_;
  WallTime time_{1'700'000'000'000};
  FakeJournal journal_;
  FakeSink admin_, sink_;
  std::optional<Sequencer> sequencer_;
};

TEST_F(SequencerTest, AnswersComeAfterTheBatchIsDurable) {
  make();
  with_product(10);
  bool appended = false;
  journal_.on_append = [&] {
    EXPECT_TRUE(sink_.all.empty());
    appended = true;
  };
  submit(buy(1), sink_, 7);
  submit(buy(2), sink_, 8);
  EXPECT_TRUE(sequencer_->step());
  EXPECT_TRUE(appended);
  ASSERT_EQ(sink_.all.size(), 2U);
  EXPECT_EQ(sink_.calls, 1);
  EXPECT_EQ(sink_.all[0].token, 7U);
  EXPECT_EQ(sink_.all[0].answer.sequence, 2U);
  EXPECT_EQ(sink_.all[1].token, 8U);
  EXPECT_EQ(sink_.all[1].answer.sequence, 3U);
  ASSERT_EQ(journal_.batches.size(), 2U);
  EXPECT_EQ(journal_.batches[1].records.size(), 2U);
  EXPECT_FALSE(journal_.batches[1].for_release);
  EXPECT_FALSE(sequencer_->step());
}

TEST_F(SequencerTest, RefusalsAreAnsweredInOrderWithTheRest) {
  make();
  with_product(1);
  FakeSink other;
  for (std::uint64_t i = 1; i <= 4; ++i) submit(buy(i), i % 2 == 1 ? sink_ : other, i);
  sequencer_->step();
  EXPECT_EQ(sink_.outcomes(), (std::vector{Outcome::done, Outcome::out_of_stock}));
  EXPECT_EQ(other.outcomes(), (std::vector{Outcome::out_of_stock, Outcome::out_of_stock}));
  EXPECT_EQ(other.calls, 1);
  const auto batches = journal_.batches.size();
  submit(buy(5), sink_);
  sequencer_->step();
  EXPECT_EQ(sink_.outcomes().back(), Outcome::out_of_stock);
  EXPECT_EQ(journal_.batches.size(), batches) << "nothing to write";
}

TEST_F(SequencerTest, ReleasesGoBeforeBuys) {
  make();
  with_product(1);
  submit(buy(1), sink_);
  sequencer_->step();
  submit(buy(2), sink_);
  submit(Cancel{{1, 1}, {2, 1}}, admin_);
  sequencer_->step();
  EXPECT_EQ(sink_.outcomes(), (std::vector{Outcome::done, Outcome::done}));
}

TEST_F(SequencerTest, ExpiredTicketIsRefusedUntouched) {
  make();
  with_product(1);
  submit(buy(1), sink_, 0, clock_.steady() + std::chrono::milliseconds(5));
  clock_.advance(std::chrono::milliseconds(6));
  submit(buy(2), sink_, 0, clock_.steady());
  sequencer_->step();
  EXPECT_EQ(sink_.outcomes(), (std::vector{Outcome::overloaded, Outcome::done}));
}

TEST_F(SequencerTest, FullDiskRefusesBuysAndLetsReleasesThrough) {
  make();
  with_product(5);
  submit(buy(1), sink_);
  sequencer_->step();
  journal_.room = false;
  submit(buy(2), sink_);
  submit(test::product("q", 1), admin_);
  submit(AdjustStock{ProductRef{0}, 5, ""}, admin_);
  submit(Cancel{{1, 1}, {2, 1}}, admin_);
  sequencer_->step();
  EXPECT_EQ(sink_.outcomes(), (std::vector{Outcome::done, Outcome::read_only}));
  EXPECT_EQ(admin_.outcomes(), (std::vector{Outcome::done, Outcome::read_only, Outcome::read_only, Outcome::done}));
  EXPECT_TRUE(journal_.batches.back().for_release);
  journal_.room = true;
  submit(buy(3), sink_);
  sequencer_->step();
  EXPECT_EQ(sink_.outcomes().back(), Outcome::done);
}

TEST_F(SequencerTest, DecidedBatchMayUseTheReserve) {
  make();
  with_product(5);
  journal_.no_space = 1;
  submit(buy(1), sink_);
  sequencer_->step();
  EXPECT_EQ(sink_.outcomes(), (std::vector{Outcome::done}));
  EXPECT_TRUE(journal_.batches.back().for_release);
}

TEST_F(SequencerTest, WithoutReserveTheProcessEndsAndNothingIsAnswered) {
  struct Ended {
    std::string line;
  };
  Sequencer::Options options;
  options.out_of_space = [](const std::string& line) { throw Ended{line}; };
  make(std::move(options));
  with_product(5);
  journal_.no_space = 2;
  journal_.reserve = false;
  submit(buy(1), sink_);
  try {
    sequencer_->step();
    FAIL();
  } catch (const Ended& ended) {
    EXPECT_NE(ended.line.find("disk_full"), std::string::npos);
  }
  EXPECT_TRUE(sink_.all.empty());
}

TEST_F(SequencerTest, RoundsAreBounded) {
  Sequencer::Options options;
  options.batch_records_max = 3;
  make(std::move(options));
  with_product(100);
  for (std::uint64_t i = 1; i <= 8; ++i) submit(buy(i), sink_, i);
  for (const std::size_t expected : {3U, 6U, 8U}) {
    sequencer_->step();
    EXPECT_EQ(sink_.all.size(), expected);
  }
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(sink_.all[i].token, i + 1);
}

TEST_F(SequencerTest, FullQueueTakesNothing) {
  Sequencer::Options options;
  options.limits = {.buys = 1, .others = 1, .reads = 1};
  make(std::move(options));
  submit(buy(1), sink_);
  Ticket ticket;
  ticket.command = buy(2);
  EXPECT_FALSE(sequencer_->submit(ticket));
  ticket.command = Cancel{};
  EXPECT_TRUE(sequencer_->submit(ticket));
}

TEST_F(SequencerTest, ReadsSeeDurableStateBetweenRounds) {
  make();
  with_product(5);
  std::vector<bool> there;
  const auto look = [&] {
    ASSERT_TRUE(sequencer_->find({1, 1}, [&](std::optional<OrderView> view) { there.push_back(view.has_value()); }));
  };
  look();
  submit(buy(1), sink_);
  sequencer_->step();  // the read came first and runs before the round
  look();
  sequencer_->step();
  EXPECT_EQ(there, (std::vector<bool>{false, true}));
  std::size_t mine = 0;
  ASSERT_TRUE(sequencer_->of_buyer({2, 1}, {}, 10, [&](std::vector<OrderView> list) { mine = list.size(); }));
  sequencer_->step();
  EXPECT_EQ(mine, 1U);
}

TEST_F(SequencerTest, LedgerTimeNeverRunsBackwards) {
  make();
  with_product(5);
  submit(buy(1), sink_);
  time_.ms -= 10'000;
  sequencer_->step();
  EXPECT_EQ(journal_.batches[1].records[0].at, journal_.batches[0].records[0].at);
}

TEST_F(SequencerTest, ObserversSeeTheBatchBeforeTheAnswers) {
  struct Watch final : Sequencer::Observer {
    void committed(const Committed& batch) noexcept override {
      records += batch.records.size();
      sequence = batch.ledger.sequence();
      answered_before = !sink->all.empty();
    }
    FakeSink* sink = nullptr;
    std::size_t records = 0;
    Sequence sequence = 0;
    bool answered_before = false;
  } watch;
  watch.sink = &sink_;
  Sequencer::Options options;
  options.observers = {&watch};
  make(std::move(options));
  with_product(5);
  submit(buy(1), sink_);
  submit(buy(2), sink_);
  sequencer_->step();
  EXPECT_EQ(watch.records, 3U);
  EXPECT_EQ(watch.sequence, 3U);
  EXPECT_FALSE(watch.answered_before);
}

TEST_F(SequencerTest, NextExpiryIsPublished) {
  make();
  with_product(5);
  EXPECT_EQ(sequencer_->next_expiry(), std::nullopt);
  submit(buy(1), sink_);
  sequencer_->step();
  ASSERT_TRUE(sequencer_->next_expiry());
  EXPECT_EQ(sequencer_->next_expiry()->ms, time_.ms + 60'000);
}

TEST(SequencerThread, EverythingSubmittedIsAnsweredOnceAcrossStop) {
  constexpr std::uint64_t kEach = 5000;
  SystemClock clock;
  FakeJournal journal;
  FakeSink sinks[2];
  Histogram sizes(Histogram::Unit::items);
  Sequencer::Options options;
  options.batch_size = &sizes;
  Sequencer sequencer(
      Ledger(), journal, [&] { return clock.wall(); }, clock, std::move(options));
  sequencer.start();
  Ticket first;
  first.command = test::product("p", 1000);
  ASSERT_TRUE(sequencer.submit(first));
  std::atomic<std::uint64_t> taken{0};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < kEach; ++i) {
        Ticket ticket;
        ticket.command = buy(1 + t * kEach + i);
        ticket.sink = &sinks[t];
        ticket.token = i;
        if (sequencer.submit(std::move(ticket))) ++taken;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  sequencer.stop();
  EXPECT_FALSE(sequencer.submit(first));
  EXPECT_EQ(sinks[0].all.size() + sinks[1].all.size(), taken.load());
  std::uint64_t accepted = 0;
  for (const FakeSink& sink : sinks) {
    std::uint64_t last = 0;
    for (const AnswerSink::Item& item : sink.all) {
      EXPECT_GE(item.token, last) << "answers of one thread come in its order";
      last = item.token;
      accepted += item.answer.outcome == Outcome::done;
    }
  }
  EXPECT_EQ(accepted, std::min<std::uint64_t>(1000, taken.load()));
  EXPECT_GT(sizes.read().total(), 0U);
}

TEST(SequencerThread, ReadsDoNotWaitForTheWindow) {
  SystemClock clock;
  FakeJournal journal;
  Sequencer::Options options;
  options.window.max = std::chrono::seconds(30);
  options.window.fill = 1;
  Sequencer sequencer(
      Ledger(), journal, [&] { return clock.wall(); }, clock, std::move(options));
  FakeSink sink;
  // A first round of two, so that the next one waits for two again, practically for ever.
  Ticket ticket;
  ticket.command = Cancel{};
  ticket.sink = &sink;
  ASSERT_TRUE(sequencer.submit(ticket));
  ASSERT_TRUE(sequencer.submit(ticket));
  sequencer.start();
  std::atomic<int> looked{0};
  const auto look = [&] {
    const int before = looked.load();
    ASSERT_TRUE(sequencer.read([&](const Ledger&) {
      ++looked;
      looked.notify_all();
    }));
    looked.wait(before);
  };
  look();
  ASSERT_TRUE(sequencer.submit(ticket));
  look();
  look();
  sequencer.stop();
  EXPECT_EQ(sink.all.size(), 3U);
}

}  // namespace
}  // namespace scalemart
