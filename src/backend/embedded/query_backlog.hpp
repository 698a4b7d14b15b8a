#pragma once
// The way of committed records from the sequencer to the query store.

#include <atomic>
#include <cstddef>
#include <span>
#include <vector>

#include "domain/record.hpp"

namespace scalemart {

/// Purpose: a ring of records between one producer that must never wait and one consumer that may get no
/// processor for seconds. A batch that does not fit is left out whole: the consumer sees the gap in the
/// sequences and reads it from the journal.
/// Concurrency: offer() on one thread, the rest on another. No lock, no allocation, no memory freed across
/// threads.
class QueryBacklog {
 public:
  /// `records`: how many it holds, a power of two.
  explicit QueryBacklog(std::size_t records) : ring_(records), mask_(records - 1) {}

  void offer(std::span<const Record> records) noexcept {
    const std::size_t end = end_.load(std::memory_order_relaxed);
    if (records.size() <= ring_.size() - (end - begin_.load(std::memory_order_acquire))) {
      for (std::size_t i = 0; i < records.size(); ++i) ring_[(end + i) & mask_] = records[i];
      end_.store(end + records.size(), std::memory_order_release);
    }
    latest_.store(records.back().sequence, std::memory_order_release);
  }

  /// The last sequence that was offered, whether it fitted or not. Ask it before size().
  [[nodiscard]] Sequence latest() const noexcept { return latest_.load(std::memory_order_acquire); }
  [[nodiscard]] std::size_t size() const noexcept {
    return end_.load(std::memory_order_acquire) - begin_.load(std::memory_order_relaxed);
  }
  /// index < size()
  [[nodiscard]] const Record& at(std::size_t index) const noexcept {
    return ring_[(begin_.load(std::memory_order_relaxed) + index) & mask_];
  }
  void drop(std::size_t count) noexcept {
    begin_.store(begin_.load(std::memory_order_relaxed) + count, std::memory_order_release);
  }

 private:
  std::vector<Record> ring_;
  const std::size_t mask_;
  alignas(64) std::atomic<std::size_t> end_{0};
  alignas(64) std::atomic<std::size_t> begin_{0};
  alignas(64) std::atomic<Sequence> latest_{0};
};

}  // namespace scalemart
