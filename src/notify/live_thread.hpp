#pragma once
// The thread that pumps the hub.

#include <condition_variable>
#include <mutex>
#include <thread>

#include "notify/hub.hpp"

namespace scalemart {

/// Sleeps for ever while nobody watches. Stop it before the hub and its readers go.
class LiveThread {
 public:
  LiveThread(Hub& hub, const Clock& clock);
  ~LiveThread() { stop(); }
  /// Idempotent.
  void stop();

 private:
  void run();

  Hub& hub_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable pulse_;
  bool woken_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace scalemart
