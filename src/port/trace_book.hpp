#pragma once
// Whose requests made which orders, for as long as somebody may want to know.

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

#include "domain/trace.hpp"

namespace scalemart {

/// Purpose: the trace in which an order was bought, from the request to its fulfilment, beside the durable records.
/// Limitations: memory alone, so a restart forgets it, and of very many the oldest; an order has a trace of its own
/// then. Concurrency: from any thread. A shop whose callers trace nothing pays one relaxed load a lease.
class TraceBook {
 public:
  explicit TraceBook(std::size_t orders_max = 100'000) : orders_max_(orders_max) {}

  void remember(OrderId order, const TraceContext& caller);
  [[nodiscard]] std::optional<TraceContext> find(OrderId order) const;

 private:
  const std::size_t orders_max_;
  std::atomic<bool> is_used_{false};
  mutable std::mutex mutex_;
  boost::unordered_flat_map<OrderId, TraceContext, std::hash<OrderId>> callers_;  ///< Guarded by mutex_.
  std::deque<OrderId> oldest_first_;                                              ///< Guarded by mutex_.
};

}  // namespace scalemart
