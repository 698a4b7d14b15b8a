#pragma once
// What the console sees of the order queue.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "domain/order.hpp"
#include "fulfilment/breaker.hpp"
#include "port/order_queue.hpp"

namespace scalemart {

struct StageView {
  Step step = Step::payment;
  std::uint64_t waiting = 0;       ///< Not leased: fresh, given back, or waiting for a retry.
  std::uint64_t delayed = 0;       ///< Of those: waiting for a retry.
  std::uint64_t in_flight = 0;     ///< Leased to a worker.
  std::uint64_t finished = 0;      ///< Since the start of the process.
  double rate_per_s = 0;           ///< Finished a second, over the last ten seconds.
  std::optional<WallTime> oldest;  ///< When the longest waiting order of this stage was accepted.
  [[nodiscard]] std::uint64_t depth() const { return waiting + in_flight; }
};

struct QueueView {
  std::array<StageView, kStepCount> stages;
  std::uint64_t dead_letters = 0;
  std::uint64_t declined = 0;  ///< Since the start of the process.
  bool paused = false;
};

/// Where a worker runs.
struct WorkerPlace {
  std::string host;
  std::uint32_t pid = 0;
  bool in_server = true;  ///< False: a process of its own, `scalemart worker`.
};

struct WorkerView {
  std::string id;
  WorkerPlace place;
  WallTime heard{};  ///< Its last sign of life.
  bool draining = false;
  std::uint32_t concurrency = 0;
  std::uint32_t in_flight = 0;         ///< Payments and confirmations.
  std::uint32_t papers_in_flight = 0;  ///< Invoices and mails.
  std::uint64_t confirmed = 0;
  std::uint64_t declined = 0;
  std::uint64_t retries = 0;
  std::uint64_t parked = 0;
  std::uint64_t papers_done = 0;
  std::uint64_t lost = 0;  ///< Leases that turned out to be somebody else's.
  std::array<BreakerState, kStepCount> breakers{};
};

/// One step that ended, for the console's list of the last ones.
struct FinishedStep {
  OrderId order;
  Step step = Step::payment;
  enum class Result : std::uint8_t { done, declined, retried, parked } result = Result::done;
  std::uint16_t attempts = 0;
  std::chrono::nanoseconds took{};
  WallTime at;
  std::string detail;
};
[[nodiscard]] std::string_view to_text(FinishedStep::Result result);

/// The same for the metrics: every step, also a payment that was followed by its confirmation.
struct StepTiming {
  Step step = Step::payment;
  FinishedStep::Result result = FinishedStep::Result::done;
  std::chrono::nanoseconds took{};
};

}  // namespace scalemart
