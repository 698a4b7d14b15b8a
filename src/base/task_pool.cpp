#include "base/task_pool.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace scalemart {

void yield_to_the_sale(bool idle) noexcept {
  // Both need no privilege. A failure only costs priority, so it is not reported.
  const sched_param none{};
  static_cast<void>(sched_setscheduler(0, idle ? SCHED_IDLE : SCHED_BATCH, &none));
  const auto thread = static_cast<id_t>(syscall(SYS_gettid));
  static_cast<void>(setpriority(PRIO_PROCESS, thread, idle ? 19 : 10));
}

TaskPool::TaskPool(std::size_t threads, std::size_t queue_max, Priority priority) : queue_max_(queue_max) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this, priority] { run(priority); });
}

TaskPool::~TaskPool() {
  stop();
}

void TaskPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

bool TaskPool::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= queue_max_) return false;
    queue_.push_back(std::move(task));
  }
  wake_.notify_one();
  return true;
}

bool TaskPool::is_stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void TaskPool::run(Priority priority) {
  if (priority == Priority::background) yield_to_the_sale(false);
  for (;;) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

}  // namespace scalemart
