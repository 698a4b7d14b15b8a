#include "sequencer/read_desk.hpp"

#include <sys/prctl.h>

#include "base/check.hpp"

namespace scalemart {

ReadDesk::ReadDesk(SystemOfRecord& record, const Clock& clock, Options options)
    : record_(record), clock_(clock), options_(options) {}

ReadDesk::~ReadDesk() {
  stop();
}

void ReadDesk::start() {
  SCALEMART_CHECK(threads_.empty());
  for (std::size_t i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { run(); });
}

void ReadDesk::stop() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

template <class List, class Item>
bool ReadDesk::put(List& list, Item item) {
  {
    const std::lock_guard guard(mutex_);
    if (stopping_ || list.size() >= options_.waiting_max) return false;
    if (paused_until_ != SteadyTime{} && clock_.steady() < paused_until_) return false;
    list.push_back(std::move(item));
  }
  wake_.notify_one();
  return true;
}

bool ReadDesk::find(OrderId id, One done) {
  return put(ids_, ById{id, std::move(done)});
}

bool ReadDesk::find_by_key(BuyerKey key, One done) {
  return put(keys_, ByKey{key, std::move(done)});
}

bool ReadDesk::of_buyer(UserId buyer, OrderId before, std::size_t limit, Many done) {
  return put(pages_, OfBuyer{{buyer, before, limit}, std::move(done)});
}

ReadDesk::Taken ReadDesk::take() {
  Taken taken;
  const auto move_some = [](auto& from, auto& to, std::size_t most) {
    for (; !from.empty() && to.size() < most; from.pop_front()) to.push_back(std::move(from.front()));
  };
  move_some(ids_, taken.ids, options_.batch_max);
  move_some(keys_, taken.keys, options_.batch_max);
  move_some(pages_, taken.pages, 1);  // each is a call of its own: other threads may take the next
  return taken;
}

void ReadDesk::run() {
  ::prctl(PR_SET_NAME, "reads");
  for (;;) {
    Taken taken;
    {
      std::unique_lock guard(mutex_);
      wake_.wait(guard, [this] { return stopping_ || !ids_.empty() || !keys_.empty() || !pages_.empty(); });
      taken = take();
      if (taken.empty()) return;  // stopping, and nothing is left
    }
    answer(std::move(taken));
  }
}

bool ReadDesk::step() {
  Taken taken;
  {
    const std::lock_guard guard(mutex_);
    taken = take();
  }
  const bool anything = !taken.empty();
  answer(std::move(taken));
  return anything;
}

void ReadDesk::pause() {
  const std::lock_guard guard(mutex_);
  paused_until_ = clock_.steady() + options_.pause;
}

template <class Items, class Read>
void ReadDesk::answer_all(Items& items, Read read) {
  if (items.empty()) return;
  std::vector<decltype(items.front().question)> questions;
  questions.reserve(items.size());
  for (const auto& item : items) questions.push_back(item.question);
  auto views = read(questions);
  if (!views) return pause();
  SCALEMART_CHECK(views->size() == items.size());
  for (std::size_t i = 0; i < items.size(); ++i) items[i].done(std::move((*views)[i]));
}

void ReadDesk::answer(Taken taken) {
  answer_all(taken.ids, [&](const auto& ids) { return record_.find(ids, options_.within); });
  answer_all(taken.keys, [&](const auto& keys) { return record_.find_by_key(keys, options_.within); });
  for (OfBuyer& page : taken.pages) {
    const auto& [buyer, before, limit] = page.question;
    auto views = record_.of_buyer(buyer, before, limit, options_.within);
    if (!views) return pause();
    page.done(std::move(*views));
  }
}

}  // namespace scalemart
