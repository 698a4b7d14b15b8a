#pragma once
// Drives leased orders through payment, confirm, invoice and mail; thousands at a time on one thread.

#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "fulfilment/breaker.hpp"
#include "fulfilment/concurrency.hpp"
#include "fulfilment/loop.hpp"
#include "fulfilment/paper_desk.hpp"
#include "fulfilment/queue_view.hpp"
#include "fulfilment/retry_policy.hpp"
#include "fulfilment/scaling.hpp"
#include "port/order_queue.hpp"
#include "port/payment.hpp"

namespace scalemart {

struct WorkerSettings {
  std::string name = "worker-1";
  Concurrency concurrency = 10'000;  ///< Payments in flight.
  ScalingRules scaling = {};         ///< Where these have bounds.
  std::uint32_t papers_max = 256;    ///< Invoices and mails in flight.
  std::uint32_t lease_batch = 2048;  ///< Taken in one turn at most, so that a turn stays short.
  std::chrono::nanoseconds payment_deadline = std::chrono::seconds(30);
  std::chrono::nanoseconds paper_deadline = std::chrono::minutes(2);
  std::chrono::nanoseconds grace = std::chrono::seconds(5);  ///< For a dependency that forgets its deadline.
  std::chrono::nanoseconds heartbeat_every = std::chrono::seconds(5);
  std::chrono::nanoseconds resubmit_after = std::chrono::milliseconds(10);
  /// Nobody is charged: buyers pay by themselves until so long after they ordered, and only then a worker asks what
  /// became of it. Zero: orders are charged.
  std::chrono::milliseconds pay_within{0};
  RetryPolicy retry = {};
  BreakerLimits breaker = {};
  std::size_t history = 256;
};

/// Purpose: begin (the hold cannot expire any more) -> charge -> confirm or decline; then, under a lease of
/// the other lane, invoice -> mail. An unknown payment is looked up and, if the provider has never seen it,
/// charged again under the same key; its units are never given back while it is unresolved. Where buyers pay, a
/// payment whose time is over is withdrawn, and if that comes too late the order is confirmed. A failed step
/// goes back to the queue with a delay; too many failures make a dead letter. Concurrency: everything on the
/// loop's thread; payments and papers answer from theirs through a mailbox. Ownership: what it is given
/// outlives it; before it is destroyed nothing may be under way (providers stopped).
class Worker final : public Turnable, public CompletionSink {
 public:
  Worker(OrderQueue& queue, FulfilmentLoop& loop, PaymentProvider& payments, PaperDesk& papers, const Clock& clock,
         Random& random, WorkerSettings settings, StepHook hook = {});

  SteadyTime turn(SteadyTime now) override;
  void completed(std::uint64_t token, Outcome outcome) override;

  void set_concurrency(const Concurrency& concurrency);
  void pause(bool paused) { paused_ = paused; }
  /// Takes nothing new; what is under way goes on.
  void drain() { draining_ = true; }
  [[nodiscard]] bool idle() const { return sale_used_ + paper_used_ == 0; }
  /// Gives every lease back at once; late answers are ignored.
  void abandon();
  [[nodiscard]] WorkerView view() const;
  /// Newest first.
  [[nodiscard]] std::vector<FinishedStep> history(std::size_t limit) const;

 private:
  enum class Stage : std::uint8_t {
    idle,
    begin,
    lookup,
    charge,
    withdraw,
    confirm,
    decline,
    invoice,
    invoiced,
    mail,
    mailed,
    park
  };
  struct Slot {
    Task task;
    Stage stage = Stage::idle;
    bool probing = false;  ///< Leased as a probe of a breaker.
    std::uint32_t index = 0;
    std::uint32_t generation = 0;  ///< Grows with every call, so that a late answer finds nobody.
    SteadyTime since{};            ///< Of the step.
    std::string text;              ///< The payment's reference, or why it is parked.
  };
  struct PaymentAnswer {
    std::uint64_t token;
    PaymentResult result;
  };
  struct PaperAnswer {
    std::uint64_t token;
    PaperResult result;
  };
  struct Watch {
    SteadyTime deadline;
    std::uint64_t token;
  };

  /// Small enough for std::function to hold without an allocation.
  struct PaymentReply {
    Worker* worker;
    std::uint64_t token;
    void operator()(PaymentResult result) const { worker->post(token, std::move(result)); }
  };
  struct PaperReply {
    Worker* worker;
    std::uint64_t token;
    void operator()(PaperResult result) const { worker->post(token, std::move(result)); }
  };
  void post(std::uint64_t token, PaymentResult result);
  void post(std::uint64_t token, PaperResult result);

  [[nodiscard]] Slot* find(std::uint64_t token);
  [[nodiscard]] std::uint64_t call(Slot& slot, Stage stage);
  Slot& take(Task task);
  void free(Slot& slot);

  /// The leases have lapsed: late answers find nobody.
  void drop_everything();
  void take_answers();
  void take_tasks(SteadyTime now);
  bool take_lane(Lane lane, SteadyTime now);
  std::size_t permits(Lane lane, SteadyTime now, std::size_t wanted);
  void return_permit(Lane lane);
  SteadyTime watch(SteadyTime now);
  void note_taken(const OpenOrder& order);
  SteadyTime scale(SteadyTime now);

  void submit(Slot& slot, Stage stage);
  bool try_submit(Slot& slot, std::uint64_t token);
  void proceed(Slot& slot);
  void pay(Slot& slot);
  void charge(Slot& slot);
  void withdraw(Slot& slot);
  [[nodiscard]] bool buyer_pays() const { return settings_.pay_within.count() > 0; }
  /// Has the payment's answer awaited under `stage`.
  [[nodiscard]] std::pair<ChargeRequest, PaymentReply> ask_bank(Slot& slot, Stage stage);
  void paid(Slot& slot, PaymentResult result);
  void make_invoice(Slot& slot);
  void send_mail(Slot& slot);
  void papered(Slot& slot, PaperResult result);
  void fail(Slot& slot, Step step, std::string reason, bool hopeless);
  void ended(const Slot& slot, Step step, FinishedStep::Result result, std::string detail = {});
  void tell(const Slot& slot, const FinishedStep& step);
  void judge(Breaker& breaker, bool good, bool fatal = false);
  Breaker& breaker(Step step) { return breakers_[static_cast<std::size_t>(step)]; }

  OrderQueue& queue_;
  FulfilmentLoop& loop_;
  PaymentProvider& payments_;
  PaperDesk& papers_;
  const Clock& clock_;
  Random& random_;
  WorkerSettings settings_;
  StepHook hook_;
  WorkerRef self_;
  bool paused_ = false;
  bool draining_ = false;
  bool left_ = false;

  std::deque<Slot> slots_;  ///< A slot never moves.
  std::vector<std::uint32_t> free_;
  std::uint32_t sale_used_ = 0;
  std::uint32_t paper_used_ = 0;
  ScalingState scaling_;
  ScalingSigns signs_;               ///< Since the last decision.
  bool has_taken_ = false;           ///< As well: anything of the sale lane.
  std::deque<Watch> payment_watch_;  ///< First deadline first: all payments have the same patience.
  std::deque<Watch> paper_watch_;
  std::deque<std::uint64_t> unsent_;  ///< Completions the ledger had no room for.
  SteadyTime resubmit_at_ = kNever;
  SteadyTime heartbeat_at_{};
  std::array<Breaker, kStepCount> breakers_;
  std::vector<Task> leased_;  ///< Scratch.

  std::mutex mailbox_mutex_;
  std::vector<PaymentAnswer> payment_answers_;
  std::vector<PaperAnswer> paper_answers_;

  std::string last_error_;
  WallTime last_error_at_;
  std::uint64_t confirmed_ = 0, declined_ = 0, retries_ = 0, parked_ = 0, papers_done_ = 0, lost_ = 0;
  std::vector<FinishedStep> history_;
  std::size_t history_next_ = 0;
};

}  // namespace scalemart
