#pragma once
// A few threads for work that blocks, with a bounded queue.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace scalemart {

/// Purpose: keeps queries, files and exports off the event loops.
/// Concurrency: post() from any thread. Destruction, or stop(), finishes what was taken and joins.
class TaskPool {
 public:
  enum class Priority { normal, background };  ///< background: SCHED_BATCH at nice 10, so that a sale comes first.

  TaskPool(std::size_t threads, std::size_t queue_max, Priority priority = Priority::normal);
  ~TaskPool();
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  /// False: the queue is full, or the pool stops; nothing was taken. `task` must not throw.
  [[nodiscard]] bool post(std::function<void()> task);
  /// Idempotent; from one thread at a time, and not from a task.
  void stop();
  /// True: it is being stopped. A task of many steps looks here between them.
  [[nodiscard]] bool is_stopping();

 private:
  void run(Priority priority);

  const std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;  ///< Guarded by mutex_.
  bool stopping_ = false;                    ///< Guarded by mutex_.
  std::vector<std::thread> threads_;
};

/// Gives the calling thread only what others leave over: SCHED_BATCH and nice 10 (background) or SCHED_IDLE
/// (idle).
void yield_to_the_sale(bool idle) noexcept;

}  // namespace scalemart
