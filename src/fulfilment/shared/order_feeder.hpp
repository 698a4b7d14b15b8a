#pragma once
// Puts what this process sells into the queue that all processes share, at once.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "port/order_intake.hpp"
#include "port/system_of_record.hpp"

namespace scalemart {

struct OrderFeederSettings {
  std::size_t waiting_max = 100'000;
  std::chrono::milliseconds gather{5};  ///< Orders of so long go in one call.
  std::chrono::milliseconds within{1000};
};

/// Purpose: takes orders from the threads that sold them and offers them on a thread of its own.
/// What finds no room, or does not arrive, is left to a sweep: `on_lost` says that one is due. Nothing is kept for
/// later here, for the record has it.
/// Concurrency: sold() and put() from any thread, quick; the callbacks on the feeder's thread.
class OrderFeeder {
 public:
  struct Hooks {
    std::function<void()> on_offered = {};  ///< There is something new in the queue.
    std::function<void()> on_lost = {};
  };
  OrderFeeder(OrderIntake& intake, Hooks hooks, OrderFeederSettings settings = {});
  ~OrderFeeder();

  /// The new orders of a committed batch.
  void sold(const RecordedBatch& batch) noexcept;
  /// As OrderIntake::offer() wants it.
  void put(const OpenOrder& order) noexcept;

  void start();
  /// Offers what waits, once. Idempotent.
  void stop();
  /// Offers what waits, on the caller's thread. False: there was nothing.
  bool step();

 private:
  void take(std::vector<OpenOrder> orders) noexcept;
  void run();

  OrderIntake& intake_;
  const Hooks hooks_;
  const OrderFeederSettings settings_;
  std::mutex mutex_;
  std::condition_variable news_;
  std::vector<OpenOrder> waiting_;  ///< Guarded by mutex_.
  bool lost_ = false;               ///< Guarded by mutex_: some found no room.
  bool stopping_ = false;           ///< Guarded by mutex_.
  std::thread thread_;
};

/// The orders that a batch accepted, as a queue wants them.
[[nodiscard]] std::vector<OpenOrder> accepted_orders(const RecordedBatch& batch);

}  // namespace scalemart
