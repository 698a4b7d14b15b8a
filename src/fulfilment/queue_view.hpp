#pragma once
// What the console sees of the order queue.

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "domain/order.hpp"
#include "fulfilment/breaker.hpp"
#include "fulfilment/concurrency.hpp"
#include "port/finished_step.hpp"
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
  /// Of the longest waiting order; 0: none waits.
  [[nodiscard]] double age_seconds(WallTime now) const {
    return oldest ? static_cast<double>(std::max<std::int64_t>(now.ms - oldest->ms, 0)) / 1e3 : 0.0;
  }
};

struct QueueView {
  std::array<StageView, kStepCount> stages;
  std::uint64_t dead_letters = 0;
  std::uint64_t declined = 0;  ///< Since the start of the process.
  double declined_per_s = 0;   ///< Over the last ten seconds.
  bool paused = false;
  bool away = false;  ///< A queue outside the process that cannot be reached: what is shown is what was seen last.
};

/// Where a worker runs.
struct WorkerPlace {
  std::string host;
  std::uint32_t pid = 0;
  bool in_server = true;  ///< False: a process of its own, `scalemart worker`.
};

/// A worker's last error is told up to here.
inline constexpr std::size_t kErrorMax = 200;

struct WorkerView {
  std::string id;
  WorkerPlace place;
  WallTime heard{};  ///< Its last sign of life.
  bool draining = false;
  std::uint32_t concurrency = 0;       ///< Now.
  Concurrency bounds;                  ///< Where it moves.
  std::uint32_t in_flight = 0;         ///< Payments and confirmations.
  std::uint32_t papers_in_flight = 0;  ///< Invoices and mails.
  std::uint64_t confirmed = 0;
  std::uint64_t declined = 0;
  std::uint64_t retries = 0;
  std::uint64_t parked = 0;
  std::uint64_t papers_done = 0;
  std::uint64_t lost = 0;  ///< Leases that turned out to be somebody else's.
  std::array<BreakerState, kStepCount> breakers{};
  std::string last_error = {};  ///< Of the last attempt that failed; empty: none has.
  WallTime last_error_at{};
};

/// Where one order is between its acceptance and its end.
struct OrderTrace {
  enum class Where : std::uint8_t {
    nowhere,  ///< Not in the queue: it has ended, or there is none.
    waiting,  ///< For a worker.
    delayed,  ///< For its next try.
    leased,   ///< A worker has it.
    dead,     ///< It waits for a person.
    unknown,  ///< The queue cannot say.
  };
  Where where = Where::nowhere;
  Step step = Step::payment;
  std::uint32_t attempts = 0;  ///< Of this step that failed.
  WallTime next_try{};         ///< delayed
  std::string worker = {};     ///< leased
  std::string reason = {};     ///< dead
  WallTime since{};            ///< dead
};
[[nodiscard]] std::string_view to_text(OrderTrace::Where where);

/// Where an order stands among others: by acceptance, also where sequences count by product.
struct OrderPlace {
  WallTime created;
  Sequence sequence = 0;
  OrderId order;
  auto operator<=>(const OrderPlace&) const = default;
};
[[nodiscard]] inline OrderPlace place_of(const OpenOrder& order) {
  return {order.created, order.sequence, order.id};
}

/// Which dead letters; empty members let everything through.
struct DeadLetterSearch {
  std::optional<Step> step = {};
  std::optional<ProductRef> product = {};
  std::string reason = {};  ///< Part of it.
  OrderPlace after = {};    ///< Only orders accepted later than this one.
  std::size_t limit = 1000;
};
struct DeadLetterPage {
  std::vector<DeadLetter> letters;  ///< In the order in which the orders were accepted.
  std::size_t more = 0;             ///< That match as well.
  bool available = true;            ///< False: they cannot be read now.
};

}  // namespace scalemart
