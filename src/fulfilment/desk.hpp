#pragma once
// Fulfilment as consoles see it and steer it, wherever its workers run.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "domain/command.hpp"
#include "fulfilment/queue_view.hpp"
#include "port/finished_step.hpp"

namespace scalemart {

/// Everything the console shows, as of a moment ago.
struct FulfilmentView {
  QueueView queue;
  std::vector<WorkerView> workers;
  std::vector<FinishedStep> recent;  ///< Newest first.
};

/// Purpose: one view and one set of commands for the queue of this process and for the one that all processes share.
/// Concurrency: any thread; view() waits for nobody. `done` runs on a thread of the desk's: hand over and return.
class FulfilmentDesk {
 public:
  virtual ~FulfilmentDesk() = default;
  [[nodiscard]] virtual std::shared_ptr<const FulfilmentView> view() const = 0;  ///< At most a second old.

  using Done = std::function<void(Outcome)>;
  using LettersDone = std::function<void(DeadLetterPage)>;
  virtual void dead_letters(DeadLetterSearch search, LettersDone done) = 0;
  /// A dead letter is tried again from its step on. invalid_state: somebody is at it
  /// already, or began to discard it and the provider has not said what became of its money; were it charged now, that
  /// cancellation might arrive afterwards and take the money back from a confirmed order. It can still be discarded.
  virtual void retry_dead(OrderId order, Done done) = 0;
  /// A dead letter is given up. An unpaid order first makes sure at the provider that its money is not and
  /// will not be taken, then its units come back; `overloaded` when the provider cannot be asked now.
  /// invalid_state: it is being tried again at this moment.
  virtual void discard_dead(OrderId order, Done done) = 0;
  /// Where an order is now.
  using PlaceDone = std::function<void(OrderTrace)>;
  virtual void look(OrderId order, PlaceDone done) = 0;
  /// For all workers.
  virtual void pause(bool paused) = 0;
  /// Of any worker, wherever it runs. order_not_found: no such worker; invalid_value: !is_valid().
  virtual void set_concurrency(std::string worker, Concurrency concurrency, Done done) = 0;
};

}  // namespace scalemart
