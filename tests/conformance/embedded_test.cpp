// The embedded ledger, on the journal in memory and on the one on disk.
#include "backend/embedded/journal.hpp"
#include "backend/embedded/test_folder.hpp"
#include "backend/memory/memory_journal.hpp"
#include "sequencer/recovery.hpp"
#include "sequencer/sequencer.hpp"
#include "tests/conformance/sale_ledger_suite.hpp"

namespace scalemart::conformance {
namespace {

/// A sequencer over a journal that outlives it.
class EmbeddedBench {
 public:
  virtual ~EmbeddedBench() = default;
  SaleLedger& ledger() { return *sequencer_; }
  OrderBook& book() { return *sequencer_; }
  void set_time(WallTime now) { now_ms_ = now.ms; }

 protected:
  void run(Journal& journal) {
    auto recovered = recover(journal, nullptr);
    ASSERT_TRUE(recovered.has_value()) << recovered.error().message;
    sequencer_ = std::make_unique<Sequencer>(
        std::move(recovered->ledger), journal, [this] { return WallTime{now_ms_.load()}; }, clock_,
        Sequencer::Options{});
    sequencer_->start();
  }
  void end() { sequencer_.reset(); }

 private:
  SystemClock clock_;
  std::atomic<std::int64_t> now_ms_{0};
  std::unique_ptr<Sequencer> sequencer_;
};

class MemoryBench final : public EmbeddedBench {
 public:
  MemoryBench() { run(*journal_); }
  ~MemoryBench() override { end(); }
  void restart() {
    end();
    SeededRandom random(1);
    journal_ = journal_->crash(random);
    run(*journal_);
  }

 private:
  std::unique_ptr<MemoryJournal> journal_ = std::make_unique<MemoryJournal>();
};

class SqliteBench final : public EmbeddedBench {
 public:
  SqliteBench() { open(); }
  ~SqliteBench() override { end(); }
  void restart() {
    end();
    journal_.reset();
    open();
  }

 private:
  void open() {
    SqliteJournal::Options options;
    options.file = folder_.path() / "journal.db";
    auto journal = SqliteJournal::open(std::move(options), clock_);
    ASSERT_TRUE(journal.has_value()) << journal.error().message;
    journal_ = std::move(*journal);
    run(*journal_);
  }
  test::TestFolder folder_;
  SystemClock clock_;
  std::unique_ptr<SqliteJournal> journal_;
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(EmbeddedInMemory, SaleLedgerConformance, MemoryBench);
INSTANTIATE_TYPED_TEST_SUITE_P(EmbeddedOnDisk, SaleLedgerConformance, SqliteBench);

}  // namespace scalemart::conformance
