#pragma once
// Which hold ends next.

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "ledger/order_table.hpp"

namespace scalemart {

/// Purpose: pending orders by the end of their hold, then by acceptance.
/// Ledger time never runs backwards and holds are mostly of one length, so most orders join at the back of a
/// plain queue (4 bytes each); one that ends before the queue's last goes into a min-heap (16 bytes). Orders
/// that are no longer pending are dropped when they come to the front, and all at once when they are the
/// majority. Errors: make_room() may throw std::bad_alloc; the rest cannot fail. Concurrency: one owner.
class HoldQueue {
 public:
  explicit HoldQueue(const OrderTable& orders) : orders_(orders) {}

  /// For one push(), and for `put_back` orders that are put back.
  void make_room(std::size_t put_back = 0);
  void push(Row order) noexcept;
  /// The pending order whose hold ends first, or kNoRow.
  [[nodiscard]] Row front() noexcept;
  /// Takes front() away.
  void pop() noexcept;
  /// Undoes pop().
  void put_back(Row order) noexcept;
  /// A hold ended and `pending` are left: drops a few stale orders, or all when they are the majority.
  void settle(std::uint64_t pending) noexcept;
  [[nodiscard]] std::size_t kept() const { return (tail_ - head_) + heap_.size(); }

 private:
  static constexpr std::size_t kBlock = 4096;
  using Block = std::array<Row, kBlock>;
  struct HeapEntry {  // Keeps the end: the row forgets it when the order is no longer pending.
    WallTime end;
    Row order;
    auto operator<=>(const HeapEntry&) const = default;
  };

  [[nodiscard]] bool is_pending(Row order) const { return orders_.at(order).status() == OrderStatus::pending; }
  [[nodiscard]] Row& slot(std::size_t i) { return (*blocks_[i / kBlock])[i % kBlock]; }
  void drop_first() noexcept;
  void heap_pop() noexcept;
  void sweep() noexcept;

  const OrderTable& orders_;
  std::deque<std::unique_ptr<Block>> blocks_;
  std::size_t head_ = 0;  ///< Positions in blocks_; head_ < kBlock.
  std::size_t tail_ = 0;
  WallTime last_end_;  ///< Of the order at the back of the queue.
  std::vector<HeapEntry> heap_;
};

}  // namespace scalemart
