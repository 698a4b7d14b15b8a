#include "backend/mongodb/breaker.hpp"

#include <algorithm>

namespace scalemart::mongo {
namespace {

constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{2000};

}  // namespace

bool Breaker::allows() {
  const std::lock_guard lock(mutex_);
  if (failures_ == 0) return true;
  if (probing_ || clock_.steady() < next_) return false;
  return probing_ = true;
}

void Breaker::worked() {
  const std::lock_guard lock(mutex_);
  failures_ = 0;
  probing_ = false;
}

void Breaker::failed(const std::string& why) {
  const std::lock_guard lock(mutex_);
  probing_ = false;
  last_failure_ = why;
  next_ = clock_.steady() + std::min(kFirstPause * (1 << std::min(failures_, 5)), kLongestPause);
  ++failures_;
}

std::string Breaker::last_failure() const {
  const std::lock_guard lock(mutex_);
  return last_failure_;
}

bool Breaker::is_open() const {
  const std::lock_guard lock(mutex_);
  return failures_ > 0;
}

}  // namespace scalemart::mongo
