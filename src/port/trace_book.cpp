#include "port/trace_book.hpp"

namespace scalemart {

void TraceBook::remember(OrderId order, const TraceContext& caller) {
  const std::lock_guard lock(mutex_);
  if (!callers_.insert_or_assign(order, caller).second) return;
  oldest_first_.push_back(order);
  if (oldest_first_.size() > orders_max_) {
    callers_.erase(oldest_first_.front());
    oldest_first_.pop_front();
  }
  is_used_.store(true, std::memory_order_relaxed);
}

std::optional<TraceContext> TraceBook::find(OrderId order) const {
  if (!is_used_.load(std::memory_order_relaxed)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto at = callers_.find(order);
  if (at == callers_.end()) return std::nullopt;
  return at->second;
}

}  // namespace scalemart
