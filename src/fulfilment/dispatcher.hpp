#pragma once
// The order queue over the ledger: the journal's unfinished orders, leased to workers.

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <deque>
#include <functional>
#include <unordered_map>
#include <vector>

#include "fulfilment/loop.hpp"
#include "fulfilment/order_feed.hpp"
#include "fulfilment/queue_view.hpp"
#include "fulfilment/rate_meter.hpp"
#include "port/order_queue.hpp"
#include "port/sale_ledger.hpp"
#include "port/trace_book.hpp"

namespace scalemart {

struct DispatcherSettings {
  /// A worker that was silent for that long has lost its leases.
  std::chrono::nanoseconds lease_ttl = std::chrono::seconds(30);
  const TraceBook* traces = nullptr;  ///< Where callers are remembered, if anywhere; it outlives the dispatcher.
  /// Buyers pay by themselves: only so long after it was accepted an order is given to a worker. Zero: at once.
  std::chrono::milliseconds pay_within{0};
};

/// Purpose: holds every order that is not finished, in memory, as a fold of the ledger's records; leases them
/// in the order in which they were accepted; passes completions to the ledger and its answers back. An order
/// is in exactly one place: awaited (its buyer may pay), fresh (never leased), ready (given back), delayed (waits
/// for a retry), leased, or a dead letter. Orders that were cancelled or expired while fresh are skipped when they
/// are reached.
/// Concurrency: observe() and answers() on the ledger's thread, quick and without calls out but one wake-up
/// of the loop; everything else on the loop's thread. Memory: about 90 bytes a waiting order, 150 a leased
/// one.
class Dispatcher final : public OrderQueue, public AnswerSink, public Turnable {
 public:
  Dispatcher(SaleLedger& ledger, FulfilmentLoop& loop, const Clock& clock, DispatcherSettings settings = {});

  // --- from the ledger's thread
  /// Every durable record, in order, from the start of the process on.
  void observe(std::span<const Record> records);
  void answers(std::span<const AnswerSink::Item> items) noexcept override;

  // --- before the loop starts: what the replay found unfinished, oldest first
  void restore_product(ProductRef product, std::shared_ptr<const ProductSpec> spec);
  /// order.fence: the last durable one. An order that is `processing` has unresolved set.
  void restore(OpenOrder order);
  void restore(DeadLetter letter);

  // --- OrderQueue
  [[nodiscard]] WorkerRef join(std::string_view name) override;
  void leave(WorkerRef worker) override;
  std::size_t lease(WorkerRef worker, Lane lane, std::size_t max, std::vector<Task>& out) override;
  bool heartbeat(WorkerRef worker) override;
  [[nodiscard]] bool complete(WorkerRef worker, Completion completion, CompletionSink& sink,
                              std::uint64_t token) override;
  void release(WorkerRef worker, OrderId order, std::uint32_t fence, std::uint16_t attempts, bool unresolved,
               std::chrono::nanoseconds delay) override;

  // --- the console's
  void pause(bool paused) { paused_ = paused; }
  [[nodiscard]] QueueView view();
  [[nodiscard]] DeadLetterPage dead_letters(const DeadLetterSearch& search) const;
  [[nodiscard]] OrderTrace look(OrderId order) const;
  /// How many orders somebody has in hand.
  [[nodiscard]] std::size_t leased() const { return leases_.size(); }
  [[nodiscard]] const DeadLetter* find_dead(OrderId order) const;
  [[nodiscard]] std::shared_ptr<const ProductSpec> product(ProductRef ref) const;
  using Done = std::function<void(Outcome)>;
  /// Unpark or Discard, for an order that is a dead letter; `done` is called on the loop's thread.
  void settle_dead(Command command, Done done);

  SteadyTime turn(SteadyTime now) override;

 private:
  static constexpr WorkerRef kNobody = UINT32_MAX;
  struct Lease {
    OpenOrder order;
    WorkerRef worker = kNobody;
    Step stage = Step::payment;  ///< For the view: what the worker is at.
    bool pending = false;        ///< A completion is with the ledger: the order stays put until it is decided.
  };
  struct Delayed {
    SteadyTime due;
    OpenOrder order;
  };
  struct Member {
    std::string name;
    SteadyTime deadline{};
    bool present = false;  ///< Its leases hold.
    bool left = false;     ///< The place is free.
  };
  struct Pending {
    CompletionSink* sink = nullptr;
    std::uint64_t token = 0;
    OrderId order;
    std::size_t kind = 0;  ///< Index in Completion.
    Done done;
    std::uint32_t next_free = 0;
  };
  struct Queue {
    std::deque<OpenOrder> fresh;
    std::vector<OpenOrder> ready;  ///< Heap, least sequence on top.
    std::vector<Delayed> delayed;  ///< Heap, first due on top.
  };
  /// An order whose buyer may pay; what becomes of it is mostly decided by gateways (flow/checkout.hpp).
  struct Awaited {
    OpenOrder order;
    bool is_ready = false;  ///< Its time is over: a copy waits in `ready` for a worker.
  };
  struct AwaitedUntil {
    SteadyTime due;
    OrderId order;
  };
  using Leases = boost::unordered_flat_map<OrderId, Lease, std::hash<OrderId>>;

  Queue& queue(Lane lane) { return queues_[static_cast<std::size_t>(lane)]; }
  void apply(OrderFeed::Event& event);
  void apply_to_lease(OrderFeed::Event& event, Leases::iterator at);
  void apply_to_dead(OrderFeed::Event& event);
  void answered(const AnswerSink::Item& item);
  void decided(const Pending& pending, Outcome outcome);
  void take_in(OpenOrder order);
  [[nodiscard]] bool is_awaited(const OpenOrder& order) const;
  void await_buyer(OpenOrder order);
  bool apply_to_awaited(const OrderFeed::Event& event);
  SteadyTime end_waits(SteadyTime now);
  void make_ready(OpenOrder order);
  void make_delayed(OpenOrder order, SteadyTime due);
  void give_back(Lease lease);
  void lapse(WorkerRef worker);
  bool pop(Lane lane, OpenOrder& out);
  void promote_due(SteadyTime now);
  void set_stage(Lease& lease, Step stage);
  void end_lease(Leases::iterator at);
  void finished(Step step);
  std::uint32_t park_pending(Pending pending);
  [[nodiscard]] std::optional<WallTime> oldest(Lane lane, Step step) const;

  SaleLedger& ledger_;
  FulfilmentLoop& loop_;
  const Clock& clock_;
  const DispatcherSettings settings_;
  OrderFeed feed_;
  std::array<Queue, kLaneCount> queues_;
  std::uint64_t mail_waiting_ = 0;  ///< Of the paper lane's waiting orders: those whose invoice is done.
  boost::unordered_flat_map<OrderId, Awaited, std::hash<OrderId>> awaited_;
  std::vector<AwaitedUntil> awaited_until_;  ///< Heap, first due on top; may name some that are awaited no more.
  Leases leases_;
  boost::unordered_flat_set<OrderId, std::hash<OrderId>> gone_;  ///< Cancelled or expired, still in `fresh` or `ready`.
  std::unordered_map<OrderId, DeadLetter> dead_;
  std::vector<std::shared_ptr<const ProductSpec>> products_;
  std::vector<Member> members_;
  std::vector<Pending> pending_;
  std::uint32_t free_pending_ = UINT32_MAX;
  struct Refused {
    CompletionSink* sink;
    std::uint64_t token;
  };
  std::vector<Refused> refused_;  ///< Stale completions, answered in the next turn.
  bool paused_ = false;
  std::array<std::uint64_t, kStepCount> in_flight_{};
  std::array<RateMeter, kStepCount> finished_;
  RateMeter declined_;
};

}  // namespace scalemart
