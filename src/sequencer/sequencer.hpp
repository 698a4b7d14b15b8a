#pragma once
// Group commit around the ledger: the one thread that decides.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "ledger/ledger.hpp"
#include "port/journal.hpp"
#include "port/sale_ledger.hpp"
#include "port/snapshot_store.hpp"
#include "sequencer/answer_batch.hpp"
#include "sequencer/commit_window.hpp"
#include "sequencer/snapshotter.hpp"
#include "sequencer/ticket_queue.hpp"
#include "telemetry/instruments.hpp"

namespace scalemart {

/// A batch that is on disk.
struct Committed {
  std::span<const Record> records;  ///< Not empty, in order.
  const Ledger& ledger;             ///< With these records in it.
  WallTime now;                     ///< Ledger time of the batch.
};

/// Purpose: decides tickets in rounds and answers them when their records are durable.
/// Operation of a round: take what waits; others before buys, each kind in order of submission; refuse what
/// is past its deadline; let the ledger decide; append all records as one batch; tell the observers; hand out
/// the answers, refusals too, one call per sink. A round without records answers at once. Between rounds:
/// reads, which so see durable state only, the journal's housekeeping, and now and then a snapshot. How long
/// a round waits for company is CommitWindow's. Full disk: while the journal has no room for buys, buys and
/// new products are answered read_only, undecided, and what brings units back or records a payment goes on.
/// Should a decided batch not fit all the same, it may use the reserve too; when even that is gone the
/// process ends with exit code 3, nothing of the batch answered: the ledger in memory is ahead of the disk
/// and only a restart can say what is true. Concurrency: submit(), the reads and the gauges from any thread.
/// Observers and reads run on the sequencer's thread and must be quick. Without start() the caller's thread
/// is the sequencer's: step() does one round, deterministically (simulations). Errors: any other storage
/// failure ends the process inside the journal.
class Sequencer final : public SaleLedger, public OrderBook {
 public:
  class Observer {
   public:
    virtual ~Observer() = default;
    virtual void committed(const Committed& batch) noexcept = 0;
  };
  using TimeSource = std::function<WallTime()>;

  struct Options {
    TicketQueue::Limits limits;
    CommitWindow::Options window;
    std::size_t batch_records_max = 4096;     ///< A round ends after as many (ExpireDue may exceed it by its limit).
    std::size_t batch_commands_max = 16'384;  ///< ... or after as many commands, refused ones too.
    std::uint64_t snapshot_records_min = 250'000;  ///< A snapshot after max(this, orders / 2) records, and at the end.
    std::uint64_t records_since_snapshot = 0;      ///< At the start: what recovery had to replay.
    SnapshotStore* snapshots = nullptr;            ///< Outlives the sequencer. nullptr: none are made.
    std::vector<Observer*> observers;              ///< Called in this order. Outlive the sequencer.
    Histogram* batch_size = nullptr;               ///< Records of a batch.
    Histogram* commit_duration = nullptr;          ///< Of the journal's append.
    std::function<void(const SnapshotReport&)> on_snapshot;  ///< On the sequencer's thread, afterwards.
    std::function<void(const std::string& line)>
        out_of_space;  ///< Does not return. Default: the line to stderr, exit 3.
  };

  /// `ledger` is what the journal's records up to its head make.
  Sequencer(Ledger ledger, Journal& journal, TimeSource time, const Clock& clock, Options options);
  /// As stop(), if start() was called.
  ~Sequencer() override;

  void start();
  /// Refuses new tickets and reads, answers what was taken, makes a last snapshot, joins. Idempotent.
  void stop();

  /// One round without waiting. False: there was nothing to do.
  bool step();

  [[nodiscard]] bool submit(Ticket ticket) noexcept override;

  [[nodiscard]] bool find(OrderId id, std::function<void(std::optional<OrderView>)> done) override;
  [[nodiscard]] bool find_by_key(UserId buyer, KeyDigest key,
                                 std::function<void(std::optional<OrderView>)> done) override;
  [[nodiscard]] bool of_buyer(UserId buyer, OrderId before, std::size_t limit,
                              std::function<void(std::vector<OrderView>)> done) override;
  /// Runs `look` between two rounds. False: too many wait, or it has stopped.
  [[nodiscard]] bool read(std::function<void(const Ledger&)> look);
  /// The same with the journal, for who reads records again. A few milliseconds at most.
  [[nodiscard]] bool read_journal(TicketQueue::Read look);

  // Gauges; any thread.
  [[nodiscard]] TicketQueue::Depth depth() const noexcept { return queue_.depth(); }
  /// An upper bound on how long the oldest waiting ticket waits; 0 when none does.
  [[nodiscard]] std::chrono::nanoseconds oldest_age() const noexcept;
  [[nodiscard]] Sequence sequence() const noexcept { return sequence_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t orders() const noexcept { return orders_.load(std::memory_order_relaxed); }
  /// When the next hold may end, as of the last round; nullopt: nothing is held.
  [[nodiscard]] std::optional<WallTime> next_expiry() const noexcept;
  /// When the last round ended, or the thread last looked: for a watchdog.
  [[nodiscard]] SteadyTime last_tick() const noexcept;

 private:
  void run();
  void run_reads();
  /// True: the window's time was up before its target was there.
  bool fill_window();
  void round(bool timed_out);
  void decide_waiting();
  void decide(Ticket& ticket, SteadyTime at);
  [[nodiscard]] bool round_is_full() const;
  void make_durable();
  void publish_gauges();
  void maybe_snapshot();
  void report(const SnapshotReport& report) const;
  void finish();

  Ledger ledger_;
  Journal& journal_;
  const TimeSource time_;
  const Clock& clock_;
  const Options options_;

  TicketQueue queue_;
  CommitWindow window_;
  Snapshotter snapshotter_;
  std::thread thread_;

  // The round at hand.
  TicketQueue::Taken taken_;
  std::vector<TicketQueue::Read> reads_;
  std::vector<Record> records_;
  AnswerBatch answers_;
  WallTime now_;
  std::size_t decided_ = 0;
  bool room_ = true;             ///< The journal has room for buys.
  bool may_use_reserve_ = true;  ///< No record of the round takes what the reserve is not for.
  std::uint64_t records_since_snapshot_ = 0;

  std::atomic<Sequence> sequence_{0};
  std::atomic<std::uint64_t> orders_{0};
  std::atomic<std::int64_t> next_expiry_ms_;
  std::atomic<std::int64_t> last_take_ns_{0};
  std::atomic<std::int64_t> last_tick_ns_{0};
};

}  // namespace scalemart
