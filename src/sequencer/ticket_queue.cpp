#include "sequencer/ticket_queue.hpp"

#include <algorithm>
#include <utility>

namespace scalemart {
namespace {

constexpr std::size_t kFirstRoom = 1024;

/// Swaps a used-up list for the full one; keeps the memory of both.
void refill(std::vector<Ticket>& taken, std::size_t& next, std::vector<Ticket>& waiting) {
  if (next < taken.size()) return;
  taken.clear();
  next = 0;
  taken.swap(waiting);
}

}  // namespace

TicketQueue::TicketQueue(Limits limits) : limits_(limits) {
  buys_.reserve(std::min(limits.buys, kFirstRoom));
  others_.reserve(std::min(limits.others, kFirstRoom));
}

bool TicketQueue::push(Ticket&& ticket) noexcept {
  const bool is_buy = std::holds_alternative<Reserve>(ticket.command);
  bool wake = false;
  {
    const std::lock_guard guard(mutex_);
    if (closed_) return false;
    if (is_buy) {
      if (buys_.size() + taken_buys_ >= limits_.buys) return false;
      buys_.push_back(std::move(ticket));
    } else {
      if (others_.size() + taken_others_ >= limits_.others) return false;
      others_.push_back(std::move(ticket));
    }
    if (buys_.size() + others_.size() >= wake_at_) {
      wake_at_ = kNever;
      wake = true;
    }
  }
  if (wake) wake_.notify_one();
  return true;
}

bool TicketQueue::push(Read&& read) noexcept {
  bool wake = false;
  {
    const std::lock_guard guard(mutex_);
    if (closed_ || reads_.size() >= limits_.reads) return false;
    reads_.push_back(std::move(read));
    wake = std::exchange(wake_at_, kNever) != kNever;
  }
  if (wake) wake_.notify_one();
  return true;
}

void TicketQueue::close() noexcept {
  {
    const std::lock_guard guard(mutex_);
    closed_ = true;
    wake_at_ = kNever;
  }
  wake_.notify_one();
}

std::size_t TicketQueue::wait(std::size_t tickets, std::optional<std::chrono::nanoseconds> most) {
  std::unique_lock guard(mutex_);
  const auto enough = [&] { return buys_.size() + others_.size() >= tickets || !reads_.empty() || closed_; };
  if (!enough()) {
    wake_at_ = tickets;
    if (most)
      wake_.wait_for(guard, *most, [&] { return enough(); });
    else
      wake_.wait(guard, [&] { return enough(); });
    wake_at_ = kNever;
  }
  return buys_.size() + others_.size();
}

void TicketQueue::take(Taken& taken, std::vector<Read>& reads) {
  const std::lock_guard guard(mutex_);
  refill(taken.buys, taken.next_buy, buys_);
  refill(taken.others, taken.next_other, others_);
  taken_buys_ = taken.buys.size() - taken.next_buy;
  taken_others_ = taken.others.size() - taken.next_other;
  reads.swap(reads_);
}

bool TicketQueue::take_reads(std::vector<Read>& reads) {
  const std::lock_guard guard(mutex_);
  reads.swap(reads_);
  return !reads.empty();
}

bool TicketQueue::is_closed() const noexcept {
  const std::lock_guard guard(mutex_);
  return closed_;
}

std::size_t TicketQueue::release(const Taken& taken) noexcept {
  const std::lock_guard guard(mutex_);
  taken_buys_ = taken.buys.size() - taken.next_buy;
  taken_others_ = taken.others.size() - taken.next_other;
  return buys_.size() + others_.size();
}

TicketQueue::Depth TicketQueue::depth() const noexcept {
  const std::lock_guard guard(mutex_);
  return {buys_.size() + taken_buys_, others_.size() + taken_others_, reads_.size()};
}

}  // namespace scalemart
