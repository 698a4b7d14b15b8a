#include "fulfilment/worker_reporter.hpp"

#include <algorithm>

namespace scalemart {
namespace {

constexpr std::size_t kStepsMost = 50'000;  ///< Those of one turn beyond this are forgotten.
constexpr std::chrono::nanoseconds kTryAgain = std::chrono::milliseconds(50);

}  // namespace

StepHook WorkerReporter::hook() {
  return [this](const FinishedStep& step) {
    if (steps_.size() < kStepsMost) steps_.push_back(step);
  };
}

SteadyTime WorkerReporter::turn(SteadyTime now) {
  if (const auto concurrency = office_.told()) {
    worker_->set_concurrency(*concurrency);
    due_ = now;
  }
  if (now >= due_ || steps_.size() >= kReportSteps) report(now);
  return due_;
}

void WorkerReporter::report(SteadyTime now) {
  std::span<const FinishedStep> left = steps_;
  bool heard = true;
  do {
    const auto part = left.first(std::min(left.size(), kReportSteps));
    heard = office_.report(worker_->view(), part);
    left = left.subspan(part.size());
  } while (heard && !left.empty());
  steps_.clear();
  due_ = now + (heard ? kEvery : kTryAgain);
}

}  // namespace scalemart
