#include "fulfilment/shared/shared_fulfilment.hpp"

#include <sys/prctl.h>

#include <utility>

#include "fulfilment/worker.hpp"
#include "telemetry/log.hpp"

namespace scalemart {

SharedFulfilment::SharedFulfilment(SharedFulfilmentParts parts, SharedFulfilmentSettings settings)
    : parts_(std::move(parts)), settings_(settings) {
  auto view = std::make_shared<FulfilmentView>(workers_.view());
  view->queue.away = true;  // until it was seen
  view_ = std::move(view);
}

SharedFulfilment::~SharedFulfilment() {
  stop();
}

void SharedFulfilment::start() {
  thread_ = std::thread([this] { run(); });
}

void SharedFulfilment::stop() {
  std::deque<Wish> left;
  std::deque<Look> unseen;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    left.swap(wishes_);
    unseen.swap(looks_);
  }
  news_.notify_all();
  if (thread_.joinable()) thread_.join();
  for (const Wish& wish : left) wish.done(Outcome::overloaded);
  for (const Look& look : unseen) look.done({OrderTrace::Where::unknown});
}

std::shared_ptr<const FulfilmentView> SharedFulfilment::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

void SharedFulfilment::dead_letters(DeadLetterSearch search, LettersDone done) {
  parts_.letters.list(std::move(search), std::move(done));
}

void SharedFulfilment::retry_dead(OrderId order, Done done) {
  parts_.letters.retry(order, std::move(done));
}

void SharedFulfilment::discard_dead(OrderId order, Done done) {
  parts_.letters.discard(order, std::move(done));
}

void SharedFulfilment::look(OrderId order, PlaceDone done) {
  parts_.letters.list({.limit = SIZE_MAX}, [this, order, done = std::move(done)](const DeadLetterPage& page) {
    using enum OrderTrace::Where;
    for (const DeadLetter& letter : page.letters)
      if (letter.order.id == order) return done({dead, letter.step, letter.attempts, {}, {}, letter.reason, letter.at});
    {
      std::unique_lock lock(mutex_);
      if (stopping_ || looks_.size() >= kWishesMax) {
        lock.unlock();
        return done({unknown});
      }
      looks_.push_back({order, done});
      asked_ = true;
    }
    news_.notify_all();
  });
}

void SharedFulfilment::find(const Look& look) {
  using enum OrderTrace::Where;
  const auto found = parts_.queue.find(look.order, settings_.within);
  if (!found) return look.done({unknown});
  const OpenOrder& order = found->order;
  switch (found->where) {
    case QueuedOrder::Where::nowhere:
      return look.done({nowhere});
    case QueuedOrder::Where::waiting:
      return look.done({waiting, order.step(), order.attempts});
    case QueuedOrder::Where::delayed:
      return look.done({delayed, order.step(), order.attempts, found->due});
    case QueuedOrder::Where::leased:
      return look.done({leased, order.step(), order.attempts, {}, workers_.shown_as(found->consumer)});
  }
}

void SharedFulfilment::pause(bool paused) {
  {
    const std::lock_guard lock(mutex_);
    pause_ = paused;
    asked_ = true;
  }
  news_.notify_all();
}

void SharedFulfilment::set_concurrency(std::string worker, Concurrency concurrency, Done done) {
  if (!concurrency.is_valid()) return done(Outcome::invalid_value);
  {
    std::unique_lock lock(mutex_);
    if (stopping_ || wishes_.size() >= kWishesMax) {
      lock.unlock();
      return done(Outcome::overloaded);
    }
    wishes_.push_back({std::move(worker), concurrency, std::move(done)});
    asked_ = true;
  }
  news_.notify_all();
}

void SharedFulfilment::step() {
  tell_pause();
  std::deque<Wish> wishes;
  std::deque<Look> looks;
  {
    const std::lock_guard lock(mutex_);
    wishes.swap(wishes_);
    looks.swap(looks_);
    asked_ = false;
  }
  for (const Wish& wish : wishes) tell(wish);
  look();
  for (const Look& one : looks) find(one);
}

/// What could not be told is told at the next turn, unless somebody wants the opposite by then.
void SharedFulfilment::tell_pause() {
  std::optional<bool> wanted;
  {
    const std::lock_guard lock(mutex_);
    wanted = std::exchange(pause_, std::nullopt);
  }
  if (!wanted || parts_.queue.pause(*wanted, settings_.within)) return;
  const std::lock_guard lock(mutex_);
  if (!pause_) pause_ = wanted;
}

void SharedFulfilment::tell(const Wish& wish) {
  const std::string* name = workers_.find(wish.worker);
  if (name == nullptr) {
    look();  // it may have come a moment ago
    name = workers_.find(wish.worker);
  }
  if (name == nullptr) return wish.done(Outcome::order_not_found);
  const auto told = parts_.workers.wish(*name, to_text(wish.concurrency), settings_.within);
  wish.done(!told ? Outcome::unavailable : *told ? Outcome::done : Outcome::order_not_found);
}

void SharedFulfilment::look() {
  const auto depths = parts_.queue.look(settings_.within);
  if (depths) depths_ = *depths;
  const auto listed = depths ? parts_.workers.list(settings_.within) : error("the queue is away");
  if (listed)
    workers_.hear(*listed, parts_.own.cards());
  else
    workers_.hear_own(parts_.own.cards());
  auto view = std::make_shared<FulfilmentView>(workers_.view());
  put_depths(view->queue, depths_);
  view->queue.away = !listed;
  view->queue.dead_letters = parts_.parked();
  note_workers(*view);
  const std::lock_guard lock(mutex_);
  view_ = std::move(view);
}

void SharedFulfilment::note_workers(const FulfilmentView& view) {
  if (view.queue.away || std::exchange(workers_seen_, view.workers.size()) == view.workers.size()) return;
  log::info("workers", {{"workers", workers_seen_}});
  if (workers_seen_ == 0) log::warn("no_worker", {{"warning", "orders wait until a `scalemart worker` joins"}});
}

void SharedFulfilment::run() {
  ::prctl(PR_SET_NAME, "desk");
  for (;;) {
    step();
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    news_.wait_for(lock, settings_.every, [this] { return stopping_ || asked_; });
    if (stopping_) return;
  }
}

}  // namespace scalemart
