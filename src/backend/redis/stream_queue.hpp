#pragma once
// The order queue of a worker process: leases from streams in Redis, completions to the system of record.

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "backend/redis/order_streams.hpp"
#include "port/order_queue.hpp"
#include "port/sale_ledger.hpp"

namespace scalemart {

struct StreamQueueParts {
  SaleLedger& ledger;
  const Clock& clock;
  /// On the queue's own thread, may take a while. nullptr: not known (yet); the order is tried again later.
  std::function<std::shared_ptr<const ProductSpec>(ProductRef)> product;
  /// Asks the fulfilment loop for a turn; from any thread, quick.
  std::function<void()> wake;
};

struct StreamQueueSettings {
  std::string process;  ///< Names this process among all workers' for ever: host, process id, chance.
  std::chrono::milliseconds lease_ttl{30'000};  ///< Orders of a worker that was silent for so long are given to others.
  std::chrono::milliseconds within{1000};       ///< Of one call.
  std::chrono::milliseconds poll_min{5};        ///< Between two looks into the streams, after something was found.
  std::chrono::milliseconds poll_max{100};      ///< When they have been empty for a while.
  std::size_t batch_max = 500;                  ///< Leased in one call.
};

/// Purpose: OrderQueue for a process of workers. What the dispatcher does over the ledger's records in one process,
/// this does over streams; the rules of leases and fences are the same.
/// Operation: a thread of its own leases ahead what workers asked for last, renews, and tells what is finished; the
/// loop never waits for Redis. A worker that is paused gets nothing new, and what was leased ahead for it goes back
/// after a second. An order is taken out of its stream after the record's answer. While Redis is away, what
/// workers have goes on; what is to be told waits.
/// An outcome that nobody knows is told to the worker as `overloaded`: completions may be repeated.
/// Concurrency: answers() on the ledger's threads; everything public else on the fulfilment loop's, except poke().
class StreamQueue final : public OrderQueue, public AnswerSink {
 public:
  StreamQueue(OrderStreams streams, StreamQueueParts parts, StreamQueueSettings settings);
  ~StreamQueue() override;

  void start();
  /// Tells what there is to tell, for at most `patience`, and ends the thread. Workers have left. Idempotent.
  void stop(std::chrono::milliseconds patience);
  /// One round of the thread's, for tests that do not start().
  void step();

  // --- OrderQueue
  [[nodiscard]] WorkerRef join(std::string_view name) override;
  void leave(WorkerRef worker) override;
  std::size_t lease(WorkerRef worker, Lane lane, std::size_t max, std::vector<Task>& out) override;
  bool heartbeat(WorkerRef worker) override;
  [[nodiscard]] bool complete(WorkerRef worker, Completion completion, CompletionSink& sink,
                              std::uint64_t token) override;
  void release(WorkerRef worker, OrderId order, std::uint32_t fence, std::uint16_t attempts, bool unresolved,
               std::chrono::nanoseconds delay) override;
  /// Gives the ledger's answers to who waits for them. Each turn of the loop.
  void turn();

  void answers(std::span<const AnswerSink::Item> items) noexcept override;
  /// No completion waits for the record's answer.
  [[nodiscard]] bool is_settled() const { return pending_.empty(); }
  /// There is something new: look at once. From any thread.
  void poke() noexcept;
  [[nodiscard]] bool is_away() const;

 private:
  struct Lease {
    StreamLease stream;
    WorkerRef worker{};    ///< In whose name the entry is.
    bool pending = false;  ///< A completion is with the record.
    bool left = false;     ///< Its worker is gone: it goes back as soon as it can.
  };
  struct Pending {
    CompletionSink* sink = nullptr;
    std::uint64_t token = 0;
    OrderId order;
    std::uint32_t fence = 0;
    std::size_t kind = 0;  ///< Index in Completion.
    Step step = Step::payment;
  };
  struct Fetched {
    StreamLease stream;
    std::shared_ptr<const ProductSpec> product;
    SteadyTime at{};
  };
  using Place = std::pair<std::uint32_t, Lane>;  ///< A partition's stream.
  struct Member {
    std::string consumer;
    bool present = true;
    bool beat = false;    ///< Its leases are to be renewed.
    bool lapsed = false;  ///< Some of them were not its own any more.
    std::array<std::size_t, kLaneCount> wanted{};
    std::array<std::deque<Fetched>, kLaneCount> fetched;
    /// Entries in its name, those fetched included. Their names are their stream's alone.
    std::map<Place, std::unordered_set<std::string>> held;
    bool drop(const StreamLease& lease) { return held[{lease.partition, lease.order.lane}].erase(lease.entry) > 0; }
  };
  /// Something to tell Redis.
  struct PutBack {
    std::string consumer;
    StreamLease stream;
    std::chrono::milliseconds delay{0};
  };
  using Leases = boost::unordered_flat_map<OrderId, Lease, std::hash<OrderId>>;

  // stream_queue.cpp: the loop's side
  void answered(const AnswerSink::Item& item);
  void decided(const Pending& pending, Leases::iterator at);
  void refused(const Pending& pending, Outcome outcome, Leases::iterator at);
  void give_back(Leases::iterator at);
  void put_back(Leases::iterator at, std::chrono::milliseconds delay);
  void finish(Leases::iterator at, std::optional<OpenOrder> paper);
  void forget(Leases::iterator at);
  void give_back_all(WorkerRef worker);

  // stream_queue_thread.cpp: the side of Redis
  void run();
  [[nodiscard]] SteadyTime round();
  [[nodiscard]] bool tell();
  [[nodiscard]] bool tell_finished(std::map<Place, std::vector<OrderStreams::Finished>>& finished);
  void renew();
  void return_stale(SteadyTime now);
  [[nodiscard]] bool fetch(SteadyTime now);
  [[nodiscard]] bool fetch_for(WorkerRef worker, const std::string& consumer, OrderStreams::Wanted wanted,
                               std::uint32_t partition);
  [[nodiscard]] bool has_news() const;
  void note_away();

  OrderStreams streams_;  ///< The thread's.
  const StreamQueueParts parts_;
  const StreamQueueSettings settings_;

  // The loop's.
  Leases leases_;
  std::unordered_map<std::uint64_t, Pending> pending_;
  std::uint64_t next_token_ = 1;
  std::vector<std::pair<CompletionSink*, std::uint64_t>> stale_;  ///< Answered in the next turn.

  std::mutex answers_mutex_;
  std::vector<AnswerSink::Item> answers_;

  mutable std::mutex mutex_;  ///< Guards all below.
  std::condition_variable news_;
  std::deque<Member> members_;  ///< By WorkerRef; only ever added to.
  std::vector<PutBack> put_backs_;
  std::map<Place, std::vector<OrderStreams::Finished>> finished_;
  SteadyTime poll_at_{};
  std::chrono::milliseconds pause_;     ///< Until the next look.
  SteadyTime told_at_{};                ///< Not before this, after Redis was away.
  std::vector<SteadyTime> reclaim_at_;  ///< By partition.
  std::uint32_t first_partition_ = 0;   ///< Whose turn it is to be looked at first.
  bool away_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace scalemart
