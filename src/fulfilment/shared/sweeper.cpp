#include "fulfilment/shared/sweeper.hpp"

#include <sys/prctl.h>

#include <algorithm>

namespace scalemart {

Sweeper::Sweeper(SystemOfRecord& record, OrderIntake& intake, const Clock& clock, SweeperSettings settings)
    : record_(record), intake_(intake), clock_(clock), settings_(settings) {}

Sweeper::~Sweeper() {
  stop();
}

void Sweeper::start() {
  thread_ = std::thread([this] { run(); });
}

void Sweeper::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  pulse_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Sweeper::hurry() noexcept {
  {
    const std::lock_guard lock(mutex_);
    lost_ = true;
    due_ = std::min(due_, clock_.steady() + settings_.hurry);
  }
  pulse_.notify_all();
}

std::uint64_t Sweeper::walks() const {
  const std::lock_guard lock(mutex_);
  return walks_;
}

/// False: the walk cannot go on.
bool Sweeper::sweep_page() {
  const auto sweep = record_.unfinished(cursor_, settings_.page, settings_.within);
  if (!sweep) return false;
  page_.clear();
  const WallTime now = clock_.wall();
  for (const SweptOrder& swept : sweep->orders) {
    if (swept.parked) continue;
    const bool may_pay = settings_.pay_within.count() > 0 && swept.order.lane == Lane::sale;
    if (may_pay && now < swept.order.created + settings_.pay_within) continue;
    page_.push_back(swept.order);
    page_.back().unresolved = swept.order.begun;
  }
  if (!page_.empty() && !intake_.offer(page_, settings_.within)) return false;
  cursor_ = sweep->next;
  walking_ = !sweep->finished;
  return true;
}

SteadyTime Sweeper::step() {
  const SteadyTime begin = clock_.steady();
  {
    const std::lock_guard lock(mutex_);
    if (begin < due_) return due_;
    if (!walking_) lost_ = false;
  }
  if (!walking_) cursor_ = {};
  walking_ = true;
  const bool good = sweep_page();
  if (!good) walking_ = false;
  const SteadyTime end = clock_.steady();
  const std::lock_guard lock(mutex_);
  if (walking_) {
    due_ = end + (end - begin) * settings_.rest;
  } else {
    walks_ += good;
    due_ = end + (good && !lost_ ? settings_.every : settings_.hurry);
  }
  return due_;
}

void Sweeper::run() {
  ::prctl(PR_SET_NAME, "sweeper");
  for (;;) {
    static_cast<void>(step());
    std::unique_lock lock(mutex_);
    while (!stopping_ && clock_.steady() < due_) pulse_.wait_for(lock, due_ - clock_.steady());
    if (stopping_) return;
  }
}

}  // namespace scalemart
