#pragma once
// The workers of all processes as one console's view.

#include <map>
#include <string>
#include <vector>

#include "fulfilment/desk.hpp"
#include "fulfilment/shared/worker_card.hpp"
#include "port/process_registry.hpp"
#include "port/queue_control.hpp"

namespace scalemart {

/// Purpose: folds what workers say about themselves into a FulfilmentView. What they finished is counted from when
/// this began on, also of workers that have gone since.
/// Concurrency: one thread.
class WorkersOfAll {
 public:
  /// What the registry lists now, and this process's own workers, which know themselves better.
  void hear(const std::vector<ProcessRegistry::Entry>& listed, const std::map<std::string, WorkerCard>& own);
  /// The registry is away: of the others the last that was heard.
  void hear_own(const std::map<std::string, WorkerCard>& own);

  /// Everything but the depths of the queue.
  [[nodiscard]] FulfilmentView view() const;
  /// The name in the registry of a worker as it is shown; nullptr: there is none.
  [[nodiscard]] const std::string* find(const std::string& shown) const;
  /// Who calls itself PROCESS/NAME/NUMBER to the queue, as it is shown; its name, when it has gone.
  [[nodiscard]] std::string shown_as(std::string_view consumer) const;

 private:
  struct Counted {
    std::array<std::uint64_t, kStepCount> finished{};
    std::uint64_t declined = 0;
  };
  void count();
  void name_them();

  std::map<std::string, WorkerCard> cards_;   ///< By name in the registry.
  std::map<std::string, std::string> shown_;  ///< Name in the registry by name as shown.
  /// What each had finished when it was last heard; at the first hearing of all, what is there is not news.
  std::map<std::string, Counted> counted_;
  std::array<std::uint64_t, kStepCount> finished_{};
  std::uint64_t declined_ = 0;
  bool heard_ = false;
};

/// Puts the depths into the view. The paper lane is shown as invoices: which of its orders wait for their mail, the
/// queue does not say.
void put_depths(QueueView& view, const QueueDepths& depths);

}  // namespace scalemart
