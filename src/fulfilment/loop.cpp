#include "fulfilment/loop.hpp"

#include <algorithm>
#include <future>

#include "base/check.hpp"

namespace scalemart {

FulfilmentLoop::FulfilmentLoop(const Clock& clock, std::chrono::nanoseconds pace) : clock_(clock), pace_(pace) {}

FulfilmentLoop::~FulfilmentLoop() {
  stop();
}

void FulfilmentLoop::start() {
  SCALEMART_CHECK(!thread_.joinable());
  last_turn_ns_.store(clock_.steady().time_since_epoch().count());
  thread_ = std::thread([this] { run(); });
}

void FulfilmentLoop::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  pulse_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void FulfilmentLoop::wake() noexcept {
  if (awake_.exchange(true)) return;
  // Taking the lock orders this with a sleeper between its test and its wait.
  { const std::lock_guard lock(mutex_); }
  pulse_.notify_one();
}

void FulfilmentLoop::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
  }
  wake();
}

void FulfilmentLoop::call(std::function<void()> work) {
  if (!thread_.joinable() || thread_.get_id() == std::this_thread::get_id()) {
    work();
    return;
  }
  std::packaged_task<void()> task(std::move(work));
  std::future<void> done = task.get_future();
  bool ended = false;
  {
    const std::lock_guard lock(mutex_);
    ended = ended_;
    if (!ended) posted_.push_back([&task] { task(); });
  }
  if (ended) {
    task();
  } else {
    wake();
  }
  done.get();
}

SteadyTime FulfilmentLoop::turn() {
  last_turn_ns_.store(clock_.steady().time_since_epoch().count(), std::memory_order_relaxed);
  awake_.store(false);
  std::deque<std::function<void()>> posted;
  {
    const std::lock_guard lock(mutex_);
    posted.swap(posted_);
  }
  for (const auto& work : posted) work();
  SteadyTime next = kNever;
  for (Turnable* member : members_) next = std::min(next, member->turn(clock_.steady()));
  return next;
}

void FulfilmentLoop::run() {
  constexpr std::chrono::nanoseconds kLongest = std::chrono::seconds(1);
  for (;;) {
    const SteadyTime began = clock_.steady();
    const SteadyTime next = turn();
    std::unique_lock lock(mutex_);
    // First the pace (nothing but stop() ends it), then until something is due or somebody wakes us.
    const auto rest = pace_ - (clock_.steady() - began);
    if (rest.count() > 0) pulse_.wait_for(lock, rest, [this] { return stopping_; });
    const auto left = std::min(kLongest, std::chrono::nanoseconds(next - clock_.steady()));
    if (left.count() > 0) pulse_.wait_for(lock, left, [this] { return stopping_ || awake_.load(); });
    if (stopping_) break;
  }
  // What was posted is still done, so that nobody waits in call() for ever.
  std::deque<std::function<void()>> posted;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    posted.swap(posted_);
  }
  for (const auto& work : posted) work();
}

}  // namespace scalemart
