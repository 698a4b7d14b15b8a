#pragma once
// The workers of a gateway, at the queue that it shares with other processes.

#include <memory>
#include <vector>

#include "app/config.hpp"
#include "app/contacts.hpp"
#include "app/providers.hpp"
#include "app/shared_engine.hpp"
#include "app/shared_queue.hpp"
#include "fulfilment/paper_desk.hpp"
#include "fulfilment/worker.hpp"
#include "fulfilment/worker_reporter.hpp"

namespace scalemart {

/// Purpose: a fulfilment loop with as many workers as the configuration says, none included.
/// Concurrency: construct, start, stop from one thread; queue().poke() from any.
class SharedTeam {
 public:
  struct Parts {
    const Config& config;
    SharedEngine& engine;
    const SharedRedis& redis;
    Providers& providers;
    AddressBook& addresses;
    const Clock& clock;
    StepHook on_step;
  };
  explicit SharedTeam(const Parts& parts);

  void start();
  /// Takes nothing new, ends what is under way within `patience` and gives the rest back. Idempotent.
  void stop(std::chrono::nanoseconds patience);

  [[nodiscard]] StreamQueue& queue() { return *queue_; }
  [[nodiscard]] const RegistryBeats& beats() const { return beats_; }

 private:
  void hire(const Parts& parts, const std::string& name);
  void drain(std::chrono::nanoseconds patience);

  const Clock& clock_;
  const std::string process_;
  SecureRandom random_;  ///< The loop's.
  FulfilmentLoop loop_;
  RedisRegistry registry_;  ///< The beats'.
  RegistryBeats beats_;
  std::unique_ptr<StreamQueue> queue_;
  std::unique_ptr<StreamQueueTurn> turn_;
  IdlePool pool_;
  PaperDesk papers_;
  std::vector<std::unique_ptr<WorkerReporter>> reporters_;
  std::vector<std::unique_ptr<Worker>> workers_;
  bool started_ = false;
};

}  // namespace scalemart
