#include "fulfilment/worker_reporter.hpp"

#include <algorithm>

namespace scalemart {
namespace {

constexpr std::size_t kTimingsMax = 8192;     ///< More are not waited for.
constexpr std::size_t kTimingsMost = 50'000;  ///< Those of one turn beyond this are forgotten.
constexpr std::size_t kRecentMax = 50;
constexpr std::chrono::nanoseconds kTryAgain = std::chrono::milliseconds(50);

}  // namespace

StepHook WorkerReporter::hook() {
  return [this](Step step, FinishedStep::Result result, std::chrono::nanoseconds took) {
    if (timings_.size() < kTimingsMost) timings_.push_back({step, result, took});
  };
}

SteadyTime WorkerReporter::turn(SteadyTime now) {
  if (const auto concurrency = office_.told()) {
    worker_->set_concurrency(std::min(*concurrency, kConcurrencyMax));
    due_ = now;
  }
  if (now >= due_ || timings_.size() >= kTimingsMax) report(now);
  return due_;
}

void WorkerReporter::report(SteadyTime now) {
  // A payment that was made is no entry of the history: its confirmation is.
  const auto entries = std::count_if(timings_.begin(), timings_.end(), [](const StepTiming& t) {
    return t.step != Step::payment || t.result != FinishedStep::Result::done;
  });
  const auto recent = worker_->history(std::min(static_cast<std::size_t>(entries), kRecentMax));
  const bool heard = office_.report(worker_->view(), timings_, recent);
  timings_.clear();
  due_ = now + (heard ? kEvery : kTryAgain);
}

}  // namespace scalemart
