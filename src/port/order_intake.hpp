#pragma once
// Where accepted orders are put so that workers of all processes find them.

#include <chrono>
#include <span>

#include "port/order_queue.hpp"

namespace scalemart {

/// Purpose: the way into a queue outside the process. An order may be offered any number of times: while it is in
/// the queue nothing happens. So whoever sells offers at once, and a sweep over the record's unfinished orders
/// offers what got lost.
/// Concurrency: one thread. Blocks up to `within`.
class OrderIntake {
 public:
  virtual ~OrderIntake() = default;
  /// `fence` is the last durable one, `begun` is not looked at; an order that is `processing` has `unresolved` set.
  /// No dead letters. False: some may not have arrived; offer them again.
  [[nodiscard]] virtual bool offer(std::span<const OpenOrder> orders, std::chrono::milliseconds within) = 0;
};

}  // namespace scalemart
