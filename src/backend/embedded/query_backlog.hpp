#pragma once
// The way of committed records from the sequencer to the query store.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <span>

#include "domain/record.hpp"

namespace scalemart {

/// Purpose: a ring of records between one producer that must never wait and one consumer that may get no
/// processor for seconds. A batch that does not fit is left out whole: the consumer sees the gap in the
/// sequences and reads it from the journal.
/// Memory: a place is made when it is first used, so a shop that never met a storm does not pay for one.
/// Concurrency: offer() on one thread, the rest on another. No lock, no allocation, no memory freed across
/// threads.
class QueryBacklog {
 public:
  /// `records`: how many it holds, a power of two.
  explicit QueryBacklog(std::size_t records) : places_(records), ring_(std::allocator<Record>().allocate(records)) {}
  ~QueryBacklog() {
    std::destroy_n(ring_, std::min(end_.load(std::memory_order_relaxed), places_));
    std::allocator<Record>().deallocate(ring_, places_);
  }
  QueryBacklog(const QueryBacklog&) = delete;
  QueryBacklog& operator=(const QueryBacklog&) = delete;

  void offer(std::span<const Record> records) noexcept {
    const std::size_t end = end_.load(std::memory_order_relaxed);
    if (records.size() <= places_ - (end - begin_.load(std::memory_order_acquire))) {
      for (std::size_t i = 0; i < records.size(); ++i) put(end + i, records[i]);
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
    return ring_[(begin_.load(std::memory_order_relaxed) + index) & (places_ - 1)];
  }
  void drop(std::size_t count) noexcept {
    begin_.store(begin_.load(std::memory_order_relaxed) + count, std::memory_order_release);
  }

 private:
  void put(std::size_t position, const Record& record) noexcept {
    if (position < places_)
      std::construct_at(ring_ + position, record);
    else
      ring_[position & (places_ - 1)] = record;
  }

  const std::size_t places_;
  Record* const ring_;
  alignas(64) std::atomic<std::size_t> end_{0};
  alignas(64) std::atomic<std::size_t> begin_{0};
  alignas(64) std::atomic<Sequence> latest_{0};
};

}  // namespace scalemart
