#pragma once
// Lets a process die in the middle of something.

#include <cstdint>

#include "backend/memory/memory_journal.hpp"

namespace scalemart::sim {

/// Burns down with every call to a dependency; at its end the process dies there and then.
class Fuse {
 public:
  void light(std::uint64_t calls) { left_ = calls; }
  void put_out() { left_ = 0; }
  [[nodiscard]] bool went_off() const { return went_off_; }
  void reset() { left_ = 0, went_off_ = false; }
  void burn() {
    if (left_ == 0 || --left_ > 0) return;
    went_off_ = true;
    throw MemoryJournal::Died{};
  }

 private:
  std::uint64_t left_ = 0;
  bool went_off_ = false;
};

}  // namespace scalemart::sim
