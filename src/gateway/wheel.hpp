#pragma once
// Coarse deadlines for many connections without a timer each.
//
// Operation: a hashed wheel of intrusive lists. Moving a deadline later only stores it; the entry is looked
// at when its old slot comes round and is filed again. Moving it earlier re-files at once. So the usual case,
// a keep-alive connection that goes on being used, costs one store.
// Concurrency: one loop thread.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

#include "base/clock.hpp"

namespace scalemart {

class WheelEntry {
 public:
  WheelEntry() = default;
  WheelEntry(const WheelEntry&) = delete;
  WheelEntry& operator=(const WheelEntry&) = delete;

 private:
  friend class Wheel;
  WheelEntry* next_ = nullptr;
  WheelEntry* previous_ = nullptr;
  SteadyTime deadline_ = SteadyTime::max();
  SteadyTime filed_ = SteadyTime::max();  ///< When its slot comes round.
};

class Wheel {
 public:
  Wheel(SteadyTime now, std::chrono::nanoseconds tick) : tick_(tick), now_(now) {
    for (auto& head : slots_) head.next_ = head.previous_ = &head;
  }

  /// SteadyTime::max(): no deadline.
  void set(WheelEntry& entry, SteadyTime deadline) {
    entry.deadline_ = deadline;
    if (deadline >= entry.filed_) return;
    unlink(entry);
    file(entry);
  }
  void remove(WheelEntry& entry) {
    unlink(entry);
    entry.deadline_ = entry.filed_ = SteadyTime::max();
  }

  /// Calls `expired` for every entry whose deadline is not after `now`. It may set or remove any entry.
  template <class Expired>
  void advance(SteadyTime now, Expired&& expired) {
    int steps = 0;
    while (now_ + tick_ <= now && steps++ < kSlots) {
      now_ += tick_;
      WheelEntry due;
      take(slots_[slot_of(now_)], due);
      while (due.next_ != &due) {
        WheelEntry& entry = *due.next_;
        unlink(entry);
        entry.filed_ = SteadyTime::max();
        if (entry.deadline_ <= now) {
          entry.deadline_ = SteadyTime::max();
          expired(entry);
        } else if (entry.deadline_ != SteadyTime::max()) {
          file(entry);
        }
      }
    }
    if (now_ + tick_ <= now) now_ += (now - now_) / tick_ * tick_;  // A long sleep: every slot was seen once.
  }

 private:
  static constexpr int kSlots = 512;

  [[nodiscard]] std::size_t slot_of(SteadyTime t) const {
    return static_cast<std::size_t>(t.time_since_epoch() / tick_) % std::size_t{kSlots};
  }
  void file(WheelEntry& entry) {
    // Never into the slot being emptied, never further than once round.
    const SteadyTime at = std::min(std::max(entry.deadline_, now_) + tick_, now_ + tick_ * (kSlots - 1));
    entry.filed_ = at;
    WheelEntry& head = slots_[slot_of(at)];
    entry.previous_ = head.previous_;
    entry.next_ = &head;
    head.previous_->next_ = &entry;
    head.previous_ = &entry;
  }
  static void unlink(WheelEntry& entry) {
    if (entry.next_ == nullptr) return;
    entry.previous_->next_ = entry.next_;
    entry.next_->previous_ = entry.previous_;
    entry.next_ = entry.previous_ = nullptr;
  }
  static void take(WheelEntry& from, WheelEntry& to) {
    to.next_ = to.previous_ = &to;
    if (from.next_ == &from) return;
    to.next_ = from.next_;
    to.previous_ = from.previous_;
    to.next_->previous_ = to.previous_->next_ = &to;
    from.next_ = from.previous_ = &from;
  }

  std::chrono::nanoseconds tick_;
  SteadyTime now_;
  std::array<WheelEntry, kSlots> slots_;
};

}  // namespace scalemart
