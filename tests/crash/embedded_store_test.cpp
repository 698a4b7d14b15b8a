// The sequencer on the embedded store as a whole: a disk that fills and empties, and a query store that falls
// behind.
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <fstream>
#include <thread>

#include "backend/embedded/journal.hpp"
#include "backend/embedded/query_store.hpp"
#include "backend/embedded/snapshot_file.hpp"
#include "backend/embedded/test_folder.hpp"
#include "sequencer/fakes_for_test.hpp"
#include "sequencer/recovery.hpp"
#include "sequencer/sequencer.hpp"

namespace scalemart {
namespace {

using test::FakeSink;

class EmbeddedStore : public testing::Test {
 protected:
  void open_journal(DiskReserve* reserve = nullptr) {
    SqliteJournal::Options options;
    options.file = folder_.path() / "journal.db";
    options.reserve = reserve;
    auto opened = SqliteJournal::open(std::move(options), clock_);
    ASSERT_TRUE(opened) << opened.error().message;
    journal_ = std::move(*opened);
  }
  void open_sequencer(Sequencer::Options options = {}) {
    auto recovered = recover(*journal_, options.snapshots);
    ASSERT_TRUE(recovered) << recovered.error().message;
    sequencer_.emplace(
        std::move(recovered->ledger), *journal_, [this] { return clock_.wall(); }, clock_, std::move(options));
  }
  void TearDown() override {
    if (!mounted_) return;
    sequencer_.reset();
    journal_.reset();
    ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  /// Submits one command and runs rounds until it is answered.
  Outcome outcome_of(Command command) {
    FakeSink sink;
    Ticket ticket;
    ticket.command = std::move(command);
    ticket.sink = &sink;
    EXPECT_TRUE(sequencer_->submit(std::move(ticket)));
    while (sink.all.empty()) sequencer_->step();
    return sink.all[0].answer.outcome;
  }

  test::TestFolder folder_;
  bool mounted_ = false;
  ManualClock clock_;
  std::optional<DiskReserve> reserve_;
  std::unique_ptr<SqliteJournal> journal_;
  std::optional<Sequencer> sequencer_;
};

TEST_F(EmbeddedStore, FullDiskRefusesBuysReleasesOnAndRecovers) {
  mounted_ = ::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=4m") == 0;
  if (!mounted_) {
    const char* all = ::getenv("SCALEMART_REQUIRE_ALL");
    if (all != nullptr && std::string_view(all) == "1") FAIL() << "cannot mount a tmpfs: run as root";
    GTEST_SKIP() << "SKIPPED: a full disk cannot be tried without the right to mount a tmpfs";
  }
  reserve_.emplace(folder_.path(), DiskReserve::Options{.ballast_bytes = 1 << 20, .free_bytes_min = 128 << 10}, clock_);
  open_journal(&*reserve_);
  open_sequencer();
  ASSERT_EQ(outcome_of(test::product("p", 100'000)), Outcome::done);
  std::uint64_t order = 0;
  for (; order < 10; ++order) ASSERT_EQ(outcome_of(test::buy(order + 1)), Outcome::done);

  std::ofstream hog(folder_.path() / "hog");
  const std::vector<char> zeros(4 << 10);
  while (hog.write(zeros.data(), static_cast<std::streamsize>(zeros.size())).flush()) {
  }
  // The buys that still fit before the next look at the disk are taken, none after it.
  Outcome bought = Outcome::done;
  for (; bought == Outcome::done; ++order) bought = outcome_of(test::buy(order + 1));
  EXPECT_EQ(bought, Outcome::read_only);
  for (std::uint64_t i = 1; i <= 10; ++i) {
    EXPECT_EQ(outcome_of(Cancel{{1, i}, {2, i}}), Outcome::done);
    EXPECT_EQ(outcome_of(test::buy(1'000'000 + i)), Outcome::read_only);
    clock_.advance(std::chrono::milliseconds(100));
  }
  hog.close();
  std::filesystem::remove(folder_.path() / "hog");
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(outcome_of(test::buy(2'000'000)), Outcome::done);

  std::array<std::byte, 32> before{};
  ASSERT_TRUE(sequencer_->read([&](const Ledger& ledger) {
    before = ledger.state_hash();
    EXPECT_TRUE(ledger.recount().empty());
  }));
  sequencer_->step();
  sequencer_.reset();
  journal_.reset();
  open_journal(&*reserve_);
  const auto recovered = recover(*journal_, nullptr);
  ASSERT_TRUE(recovered);
  EXPECT_EQ(recovered->ledger.state_hash(), before);
  journal_.reset();
}

TEST_F(EmbeddedStore, QueryStoreThatFellBehindCatchesUpThroughTheSequencer) {
  open_journal();
  QueryStore::Options query;
  query.file = folder_.path() / "query.db";
  query.backlog_records = 256;
  query.catch_up_records = 512;
  query.poll = std::chrono::milliseconds(1);
  query.idle = false;
  query.read_records = [this](Sequence after, std::size_t max, std::vector<Record>& out, std::function<void()> done) {
    return sequencer_->read_journal([=, &out](const Ledger&, Journal& journal) {
      const auto reached = journal.read(after, max, [&](const Record& record) {
        if (out.size() < max) out.push_back(record);
      });
      EXPECT_TRUE(reached);
      done();
    });
  };
  auto opened = QueryStore::open(std::move(query), 0);
  ASSERT_TRUE(opened) << opened.error().message;
  QueryStore& store = **opened;
  struct Follower final : Sequencer::Observer {
    explicit Follower(QueryStore& target) : store(target) {}
    void committed(const Committed& batch) noexcept override { store.offer(batch.records); }
    QueryStore& store;
  } follower(store);
  SnapshotFiles snapshots(folder_.path());
  Sequencer::Options options;
  options.observers = {&follower};
  options.snapshots = &snapshots;
  options.snapshot_records_min = 1000;
  open_sequencer(std::move(options));
  sequencer_->start();
  store.start();

  constexpr std::uint64_t kOrders = 5000;
  FakeSink sink;
  Ticket ticket;
  ticket.sink = &sink;
  ticket.command = test::product("p", 1'000'000);
  ASSERT_TRUE(sequencer_->submit(ticket));
  for (std::uint64_t i = 1; i <= kOrders; ++i) {
    ticket.command = test::buy(i, i % 50 + 1, 1);
    ASSERT_TRUE(sequencer_->submit(ticket));
  }
  ASSERT_TRUE(store.wait_for(kOrders + 1, std::chrono::seconds(60)));
  std::uint64_t seen = 0;
  ASSERT_TRUE(store.for_each({}, [&](const ArchivedOrder& archived) {
    EXPECT_EQ(archived.order.sequence, kOrders + 1 - seen);
    ++seen;
    return true;
  }));
  EXPECT_EQ(seen, kOrders);
  OrderSearch search;
  search.buyer = UserId{2, 7};
  search.limit = 1000;
  const auto page = store.search(search);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->orders.size(), kOrders / 50);
  sequencer_->stop();
  store.stop();
  const auto recovered = recover(*journal_, &snapshots);
  ASSERT_TRUE(recovered);
  EXPECT_EQ(recovered->snapshot, kOrders + 1);
}

}  // namespace
}  // namespace scalemart
