#pragma once
// Fulfilment as the rest of the program sees it: started, fed, watched, steered, stopped.

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "fulfilment/desk.hpp"
#include "fulfilment/dispatcher.hpp"
#include "fulfilment/remote/remote_workers.hpp"
#include "fulfilment/worker.hpp"

namespace scalemart {

struct FulfilmentSettings {
  std::uint32_t workers = 1;
  WorkerSettings worker;  ///< Of each; named worker-1, worker-2, …
  DispatcherSettings dispatcher;
  PaperSettings papers;
  std::size_t paper_threads = 1;
  WorkerPlace place;  ///< This process.
};

struct FulfilmentParts {
  SaleLedger& ledger;
  PaymentProvider& payments;
  Invoices& invoices;
  Mailer& mailer;
  AddressBook& addresses;
  const Clock& clock;
  Random& random;  ///< The loop's alone.
  StepHook on_step = {};
  Executor* executor = nullptr;  ///< For papers; nullptr: a pool of the service's own.
};

/// Purpose: owns the loop, the dispatcher, the workers of this process and the pool for papers; lets workers of other
/// processes join through remote_workers().
/// Life: construct; restore what the replay found; start(); observe() every durable batch; drain(); stop().
/// Concurrency: dispatcher().observe() on the ledger's thread; view() from any thread, it never waits for the
/// loop; the commands from any thread, their `done` runs on the loop's thread: hand over and return.
/// Ownership: the parts outlive it, and the payment provider and the mailer are stopped before it is
/// destroyed (their threads call back into it).
class FulfilmentService final : public FulfilmentDesk, private Turnable {
 public:
  FulfilmentService(FulfilmentParts parts, FulfilmentSettings settings);
  ~FulfilmentService() override;

  [[nodiscard]] Dispatcher& dispatcher() { return dispatcher_; }
  /// Links end before this does.
  [[nodiscard]] RemoteWorkers& remote_workers() { return remote_; }
  void start();
  /// Gives out no new orders and waits until what is under way has ended, at most `patience`; the rest is given
  /// back. True: nothing had to be given back.
  bool drain(std::chrono::nanoseconds patience);
  void stop();

  // --- FulfilmentDesk; the view is at most 250 ms old
  [[nodiscard]] std::shared_ptr<const FulfilmentView> view() const override;
  void dead_letters(DeadLetterSearch search, LettersDone done) override;
  void retry_dead(OrderId order, Done done) override;
  void discard_dead(OrderId order, Done done) override;
  void look(OrderId order, PlaceDone done) override;
  void pause(bool paused) override;
  void set_concurrency(std::string worker, Concurrency concurrency, Done done) override;

  /// One round, for tests that do not start().
  FulfilmentLoop& loop() { return loop_; }

 private:
  SteadyTime turn(SteadyTime now) override;
  void refresh(SteadyTime now);
  void cancelled(OrderId order, PaymentOutcome outcome, const Done& done);

  FulfilmentParts parts_;
  const FulfilmentSettings settings_;
  FulfilmentLoop loop_;
  Dispatcher dispatcher_;
  RemoteWorkers remote_;
  std::unique_ptr<Executor> pool_;  ///< Empty: parts_.executor does its work.
  PaperDesk papers_;
  std::vector<std::unique_ptr<Worker>> workers_;
  // The loop's alone. At most one entry a dead letter.
  boost::unordered_flat_map<OrderId, std::uint32_t, std::hash<OrderId>>
      cancelling_;  ///< Cancellations of open outcome.
  boost::unordered_flat_set<OrderId, std::hash<OrderId>> retrying_;
  SteadyTime refresh_at_{};
  mutable std::mutex view_mutex_;
  std::shared_ptr<const FulfilmentView> view_;  ///< Guarded by view_mutex_.
};

}  // namespace scalemart
