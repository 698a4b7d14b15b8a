#pragma once
// One thread's part of a shared ledger: group commit in front of the system of record.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "port/sale_ledger.hpp"
#include "port/stock_filter.hpp"
#include "port/system_of_record.hpp"
#include "sequencer/answer_batch.hpp"
#include "sequencer/commit_window.hpp"
#include "sequencer/key_teacher.hpp"
#include "sequencer/shared_filter.hpp"
#include "sequencer/ticket_queue.hpp"
#include "telemetry/instruments.hpp"

namespace scalemart {

/// Told of every committed batch of this process, before its answers leave, on the lane's thread: be quick. Lanes
/// tell at the same time.
class BatchObserver {
 public:
  virtual ~BatchObserver() = default;
  virtual void committed(const RecordedBatch& batch) noexcept = 0;
};

struct LaneOptions {
  TicketQueue::Limits limits;  ///< Of each lane.
  CommitWindow::Options window;
  std::size_t batch_max = 2048;  ///< Commands of one batch.
  std::chrono::milliseconds commit_within{5000};
  std::chrono::milliseconds filter_within{250};
  std::chrono::milliseconds rebuild_every{100};  ///< At most as often a lane tries to rebuild a closed filter.
  /// Sell also while the filter is away. The record alone decides then; it is never asked for more than one batch
  /// a lane at a time, so it is slower but not overrun.
  bool sell_without_filter = true;
  std::vector<BatchObserver*> observers;  ///< Called in this order. Outlive the lanes.
  Histogram* batch_size = nullptr;        ///< Commands of a committed batch.
  Histogram* commit_duration = nullptr;
};

/// Purpose: takes what waits, asks the filter about the buys (one call), has the rest decided by the record (one
/// call), tells the filter what came of it (one call), and answers.
/// Operation: a batch gathers while the one before is committed, or as long as CommitWindow says. Other commands go
/// before buys, each kind in order of submission. Refusals of the filter leave before the commit. Unknown outcomes
/// are answered `unknown`, and their units stay taken in the filter; when nothing happened, `unavailable`, and they
/// go back.
/// Concurrency: submit() and the gauges from any thread. Without start() the caller's thread is the lane's: step().
class SaleLane {
 public:
  using TimeSource = std::function<WallTime()>;
  static constexpr std::uint32_t kOrders = UINT32_MAX;  ///< A lane of no partition, for commands about orders.

  SaleLane(SystemOfRecord& record, SharedFilter& filter, KeyTeacher& teacher, std::uint32_t partition, TimeSource time,
           const Clock& clock, const LaneOptions& options);
  ~SaleLane();

  void start();
  /// Refuses new tickets, answers what was taken, joins. Idempotent.
  void stop();
  /// One round without waiting. False: there was nothing to do.
  bool step();

  [[nodiscard]] bool submit(Ticket&& ticket) noexcept { return queue_.push(std::move(ticket)); }
  [[nodiscard]] TicketQueue::Depth depth() const noexcept { return queue_.depth(); }
  /// An upper bound on how long the oldest waiting ticket waits; 0 when none does.
  [[nodiscard]] std::chrono::nanoseconds oldest_age() const noexcept;
  /// When the thread last began a round or looked.
  [[nodiscard]] SteadyTime last_tick() const noexcept;

 private:
  /// Who waits for a command of the batch.
  struct Waiting {
    AnswerSink* sink;
    std::uint64_t token;
    bool taken = false;  ///< Its units are taken in the filter.
  };
  void run();
  bool fill_window();
  void round(bool timed_out);
  void collect();
  void collect_one(Ticket& ticket, SteadyTime at);
  [[nodiscard]] bool is_full() const { return commands_.size() + buys_.size() >= options_.batch_max; }
  void screen();
  [[nodiscard]] Screening ask_filter();
  void rebuild_filter();
  void refuse_buys(Outcome outcome);
  void commit();
  void tell_observers();
  void settle();
  void settle_partition(std::uint32_t partition, std::span<const Settlement> settlements);
  void publish_terms();
  void tick(SteadyTime at) noexcept;

  SystemOfRecord& record_;
  SharedFilter& filter_;
  KeyTeacher& teacher_;
  const std::uint32_t partition_;
  const TimeSource time_;
  const Clock& clock_;
  const LaneOptions& options_;
  TicketQueue queue_;
  CommitWindow window_;
  std::thread thread_;

  // The round at hand.
  TicketQueue::Taken taken_;
  std::vector<TicketQueue::Read> no_reads_;
  std::vector<Command> commands_;  ///< Not buys; with screen() over, all of the batch.
  std::vector<Waiting> waiting_;   ///< One a command.
  std::vector<Reserve> buys_;
  std::vector<Waiting> buyers_;  ///< One a buy.
  AnswerBatch answers_;
  RecordedBatch batch_;
  WallTime now_;
  std::size_t handled_ = 0;
  FilterEpoch epoch_ = 0;
  SteadyTime next_rebuild_{};
  std::vector<ProductRef> unpublished_;  ///< Whose terms the filter has yet to be told.

  std::atomic<std::int64_t> last_tick_ns_{0};
};

}  // namespace scalemart
