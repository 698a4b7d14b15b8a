#pragma once
// The one thread on which orders are driven.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.hpp"

namespace scalemart {

inline constexpr SteadyTime kNever = SteadyTime::max();

/// Something that has work to do from time to time.
class Turnable {
 public:
  virtual ~Turnable() = default;
  /// Does what is due and returns when it wants to be called again at the latest.
  virtual SteadyTime turn(SteadyTime now) = 0;
};

/// Purpose: calls its members' turn() in their order, whenever one is due or somebody woke the loop.
/// Wake-ups are gathered: turns are at least `pace` apart, so that a storm of small events costs one turn.
/// Concurrency: wake() and post() from any thread; wake() neither blocks nor allocates.
/// Tests do not start(): they call turn() with a clock of their own.
class FulfilmentLoop {
 public:
  explicit FulfilmentLoop(const Clock& clock, std::chrono::nanoseconds pace = std::chrono::milliseconds(3));
  ~FulfilmentLoop();
  FulfilmentLoop(const FulfilmentLoop&) = delete;
  FulfilmentLoop& operator=(const FulfilmentLoop&) = delete;

  /// Before start(). Members outlive the loop's stop().
  void add(Turnable& member) { members_.push_back(&member); }
  void remove(Turnable& member) { std::erase(members_, &member); }
  void start();
  /// Ends the thread after the turn it is in. Idempotent.
  void stop();
  void wake() noexcept;
  /// Runs `work` on the loop's thread, before the members' next turn.
  void post(std::function<void()> work);
  /// Runs `work` on the loop's thread and waits for it; directly when the loop is not running.
  void call(std::function<void()> work);
  /// One round; returns when the next is due.
  SteadyTime turn();
  [[nodiscard]] bool has_work() const noexcept { return awake_.load(); }
  /// When it last began a turn, which it does once a second at least; for a watchdog. Any thread.
  [[nodiscard]] SteadyTime last_turn() const noexcept {
    return SteadyTime(std::chrono::nanoseconds(last_turn_ns_.load(std::memory_order_relaxed)));
  }

 private:
  void run();

  const Clock& clock_;
  const std::chrono::nanoseconds pace_;
  std::vector<Turnable*> members_;
  std::mutex mutex_;
  std::condition_variable pulse_;
  std::deque<std::function<void()>> posted_;
  std::atomic<bool> awake_{true};  ///< A turn is due at once; keeps wake() down to one load while busy.
  std::atomic<std::int64_t> last_turn_ns_{0};
  bool stopping_ = false;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace scalemart
