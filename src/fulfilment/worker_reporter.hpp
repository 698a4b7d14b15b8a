#pragma once
// Tells an office twice a second how a worker is.

#include <vector>

#include "fulfilment/loop.hpp"
#include "fulfilment/worker.hpp"
#include "fulfilment/worker_office.hpp"

namespace scalemart {

/// Purpose: carries a worker's state and the steps it ended to the office, and the office's word to the worker.
/// Concurrency: the fulfilment loop's thread. Memory: steps of about half a second; what nobody hears is forgotten.
class WorkerReporter final : public Turnable {
 public:
  static constexpr std::chrono::nanoseconds kEvery = std::chrono::milliseconds(500);

  explicit WorkerReporter(WorkerOffice& office) : office_(office) {}
  /// To be given to the worker, which comes after it.
  [[nodiscard]] StepHook hook();
  void watch(Worker& worker) { worker_ = &worker; }
  SteadyTime turn(SteadyTime now) override;

 private:
  void report(SteadyTime now);

  WorkerOffice& office_;
  Worker* worker_ = nullptr;
  std::vector<FinishedStep> steps_;
  SteadyTime due_{};
};

}  // namespace scalemart
