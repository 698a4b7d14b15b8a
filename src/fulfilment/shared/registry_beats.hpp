#pragma once
// Says in a registry how the workers of this process are, and hears there what is wished of them.

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "fulfilment/rate_meter.hpp"
#include "fulfilment/shared/worker_card.hpp"
#include "fulfilment/worker_office.hpp"
#include "port/process_registry.hpp"

namespace scalemart {

/// Purpose: the office of one worker. Hears its reports on the fulfilment loop, keeps its card for whoever asks.
/// Concurrency: WorkerOffice on the loop's thread; the rest from any.
class RegistryOffice final : public WorkerOffice {
 public:
  RegistryOffice(WorkerPlace place, const Clock& clock);

  bool report(const WorkerView& view, std::span<const FinishedStep> steps) override;
  [[nodiscard]] std::optional<Concurrency> told() override;

  /// Nothing before the first report.
  [[nodiscard]] std::optional<WorkerCard> card() const;
  /// The registry's last word; said again, it changes nothing.
  void wished(const std::string& text);

 private:
  const Clock& clock_;
  std::array<RateMeter, kStepCount> finished_;  ///< The loop's.
  RateMeter declined_;
  mutable std::mutex mutex_;
  WorkerCard card_;                  ///< Guarded by mutex_.
  std::string wish_;                 ///< Guarded by mutex_: the last one heard.
  std::optional<Concurrency> told_;  ///< Guarded by mutex_: not passed on yet.
};

struct RegistryBeatsSettings {
  std::string process;  ///< Names this process among all, for ever.
  WorkerPlace place;
  std::chrono::milliseconds every{500};
  std::chrono::milliseconds remembered{5000};  ///< A worker that was silent for so long is not shown any more.
  std::chrono::milliseconds within{1000};
};

/// Purpose: beats for all workers of a process, on a thread of its own. At the end it says goodbye.
/// Concurrency: add() before start(); cards() from any thread; step() instead of start() in tests.
/// Errors: a registry that is away is tried again at the next beat.
class RegistryBeats {
 public:
  RegistryBeats(ProcessRegistry& registry, const Clock& clock, RegistryBeatsSettings settings);
  ~RegistryBeats();

  /// The office of one more worker. `worker`: its name in this process.
  [[nodiscard]] WorkerOffice& add(const std::string& worker);
  void start();
  void stop();
  /// Beats once for each worker.
  void step();

  /// The workers of this process by their names in the registry, as new as their last reports.
  [[nodiscard]] std::map<std::string, WorkerCard> cards() const;
  [[nodiscard]] bool is_away() const;

 private:
  struct Member {
    std::string name;  ///< In the registry.
    std::unique_ptr<RegistryOffice> office;
  };
  void beat(std::chrono::milliseconds remembered);
  void run();

  ProcessRegistry& registry_;
  const Clock& clock_;
  const RegistryBeatsSettings settings_;
  std::deque<Member> members_;
  mutable std::mutex mutex_;  ///< Guards all below.
  std::condition_variable pulse_;
  bool away_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace scalemart
