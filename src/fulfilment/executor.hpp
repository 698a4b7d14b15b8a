#pragma once
// Where blocking work of low importance is done.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace scalemart {

class Executor {
 public:
  virtual ~Executor() = default;
  /// False: full or stopping, `work` was not taken. `work` must not throw.
  [[nodiscard]] virtual bool run(std::function<void()> work) = 0;
};

/// Purpose: a few threads that only get what nobody else wants of the processor (SCHED_IDLE), so
/// that invoices and mails never slow a sale.
/// Concurrency: run() from any thread. The queue is bounded. The destructor drops what has not begun.
class IdlePool final : public Executor {
 public:
  IdlePool(std::size_t threads, std::size_t queue_max);
  ~IdlePool() override;
  [[nodiscard]] bool run(std::function<void()> work) override;

 private:
  void serve();

  const std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace scalemart
