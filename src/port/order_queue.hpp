#pragma once
// What a worker needs from the ledger's side: accepted orders in order, and a way to say what became of them.
// The same for a worker in the server's process and for one far away.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "domain/command.hpp"
#include "domain/ids.hpp"
#include "domain/money.hpp"
#include "domain/order.hpp"
#include "domain/product.hpp"
#include "domain/trace.hpp"

namespace scalemart {

/// Two queues, so that a mail server that is down never holds up a payment.
enum class Lane : std::uint8_t {
  sale,   ///< payment, confirm
  paper,  ///< invoice, mail
};
inline constexpr int kLaneCount = 2;

/// An accepted order that is not finished yet.
struct OpenOrder {
  OrderId id;
  UserId buyer;
  WallTime created;
  WallTime confirmed;     ///< Set in Lane::paper.
  Sequence sequence = 0;  ///< Of the record that accepted it: the order of the queue.
  MinorUnits unit_price = 0;
  ProductRef product{};
  std::uint32_t fence = 0;     ///< The last lease's.
  std::uint16_t attempts = 0;  ///< Of the present step, in this process.
  std::uint8_t quantity = 0;
  Lane lane = Lane::sale;
  bool begun = false;       ///< Begin is durable under `fence`: a completion will be taken, a hold cannot expire.
  bool unresolved = false;  ///< A charge may have been made: look it up before charging.
  bool invoice_done = false;
  [[nodiscard]] MinorUnits total() const { return unit_price * quantity; }
  /// The first step that is not done.
  [[nodiscard]] Step step() const {
    return lane == Lane::sale ? Step::payment : invoice_done ? Step::mail : Step::invoice;
  }
};
static_assert(sizeof(OpenOrder) <= 88, "a backlog of a million orders must stay small");

/// An order that waits for a person.
struct DeadLetter {
  OpenOrder order;
  Step step = Step::payment;
  std::uint32_t attempts = 0;
  std::string reason;
  WallTime at;
};

struct Task {
  OpenOrder order;  ///< order.fence is this lease's.
  std::shared_ptr<const ProductSpec> product;
  std::optional<TraceContext> caller = {};  ///< In whose trace it was bought, where that is still known.
  [[nodiscard]] TraceContext trace() const { return caller.value_or(trace_of(order.id)); }
};

/// What became of a leased order. Each carries the lease's fence.
using Completion = std::variant<Begin, Confirm, Decline, FinishStep, Park>;

/// Receives what became of completions, on the thread that called complete().
class CompletionSink {
 public:
  virtual ~CompletionSink() = default;
  /// done: it is durable. stale_fence, invalid_state, order_not_found: the order is not ours any more, drop
  /// it. overloaded, read_only: nothing happened, try again later. invalid_value: the completion itself was
  /// wrong.
  virtual void completed(std::uint64_t token, Outcome outcome) = 0;
};

using WorkerRef = std::uint32_t;

/// Purpose: leases orders to workers, oldest first, and carries their completions to the ledger.
/// A lease lasts as long as its worker's heartbeats; a lapsed one is given out again under a greater fence,
/// and the first holder's completions are refused from then on. Concurrency: one thread (the fulfilment
/// loop's).
class OrderQueue {
 public:
  virtual ~OrderQueue() = default;
  [[nodiscard]] virtual WorkerRef join(std::string_view name) = 0;
  /// Gives all leases of this worker back. Its name here is void from then on and may be given to another one.
  virtual void leave(WorkerRef worker) = 0;
  /// Appends at most `max` tasks to `out`, oldest first; returns how many.
  virtual std::size_t lease(WorkerRef worker, Lane lane, std::size_t max, std::vector<Task>& out) = 0;
  /// Renews every lease of this worker. False: they have lapsed already, all of them; what the worker still
  /// has under way is somebody else's.
  virtual bool heartbeat(WorkerRef worker) = 0;
  /// False: no room now; nothing was taken, call again shortly.
  [[nodiscard]] virtual bool complete(WorkerRef worker, Completion completion, CompletionSink& sink,
                                      std::uint64_t token) = 0;
  /// Gives an order back at a step's boundary, to be leased again (to anyone, same fence) after `delay`.
  /// `attempts` and `unresolved` are remembered. Ignored when the lease is not this worker's any more, or a
  /// completion of it is under way.
  virtual void release(WorkerRef worker, OrderId order, std::uint32_t fence, std::uint16_t attempts, bool unresolved,
                       std::chrono::nanoseconds delay) = 0;
};

}  // namespace scalemart
