#include "notify/live_thread.hpp"

#include <algorithm>

namespace scalemart {

LiveThread::LiveThread(Hub& hub, const Clock& clock) : hub_(hub), clock_(clock) {
  hub_.on_reader([this] {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
    }
    pulse_.notify_one();
  });
  thread_ = std::thread([this] { run(); });
}

void LiveThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  pulse_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void LiveThread::run() {
  constexpr std::chrono::nanoseconds kLongest = std::chrono::seconds(60);
  for (;;) {
    const SteadyTime next = hub_.pump();
    const std::chrono::nanoseconds left = std::min(kLongest, std::chrono::nanoseconds(next - clock_.steady()));
    std::unique_lock lock(mutex_);
    pulse_.wait_for(lock, std::max(left, std::chrono::nanoseconds(0)), [this] { return stopping_ || woken_; });
    woken_ = false;
    if (stopping_) return;
  }
}

}  // namespace scalemart
