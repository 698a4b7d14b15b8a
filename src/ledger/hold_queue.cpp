#include "ledger/hold_queue.hpp"

#include <algorithm>
#include <functional>

namespace scalemart {
namespace {

constexpr std::size_t kStaleMin = 4096;  // not worth a sweep
constexpr int kDropsPerEnd = 4;          // bounds the work of one command

}  // namespace

void HoldQueue::make_room(std::size_t put_back) {
  if (tail_ == blocks_.size() * kBlock) blocks_.push_back(std::make_unique<Block>());
  const std::size_t wanted = heap_.size() + put_back + 1;
  if (heap_.capacity() < wanted) heap_.reserve(std::max(wanted, 2 * heap_.capacity()));
}

void HoldQueue::push(Row order) noexcept {
  const WallTime end = orders_.at(order).expires_at();
  if (head_ != tail_ && end < last_end_) return put_back(order);
  SCALEMART_CHECK(tail_ < blocks_.size() * kBlock);
  slot(tail_++) = order;
  last_end_ = end;
}

void HoldQueue::put_back(Row order) noexcept {
  SCALEMART_CHECK(heap_.size() < heap_.capacity());
  heap_.push_back({orders_.at(order).expires_at(), order});
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
}

Row HoldQueue::front() noexcept {
  while (head_ != tail_ && !is_pending(slot(head_))) drop_first();
  while (!heap_.empty() && !is_pending(heap_.front().order)) heap_pop();
  if (heap_.empty()) return head_ == tail_ ? kNoRow : slot(head_);
  if (head_ == tail_ || heap_.front() < HeapEntry{orders_.at(slot(head_)).expires_at(), slot(head_)})
    return heap_.front().order;
  return slot(head_);
}

void HoldQueue::pop() noexcept {
  const Row first = front();
  if (first == kNoRow) return;
  if (!heap_.empty() && heap_.front().order == first)
    heap_pop();
  else
    drop_first();
}

void HoldQueue::settle(std::uint64_t pending) noexcept {
  if (kept() > 2 * pending + kStaleMin) return sweep();
  for (int i = 0; i < kDropsPerEnd && head_ != tail_ && !is_pending(slot(head_)); ++i) drop_first();
}

void HoldQueue::drop_first() noexcept {
  if (++head_ < kBlock) return;
  blocks_.pop_front();
  head_ -= kBlock;
  tail_ -= kBlock;
}

void HoldQueue::heap_pop() noexcept {
  std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
  heap_.pop_back();
}

void HoldQueue::sweep() noexcept {
  std::size_t kept_until = head_;
  for (std::size_t i = head_; i != tail_; ++i)
    if (is_pending(slot(i))) slot(kept_until++) = slot(i);
  tail_ = kept_until;
  while (blocks_.size() * kBlock >= tail_ + 2 * kBlock) blocks_.pop_back();
  std::erase_if(heap_, [this](const HeapEntry& entry) { return !is_pending(entry.order); });
  std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
}

}  // namespace scalemart
