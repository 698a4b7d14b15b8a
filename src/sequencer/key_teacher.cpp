#include "sequencer/key_teacher.hpp"

#include <sys/prctl.h>

#include "base/check.hpp"

namespace scalemart {

KeyTeacher::KeyTeacher(SystemOfRecord& record, SharedFilter& filter, const Clock& clock, Options options)
    : record_(record), filter_(filter), clock_(clock), options_(options), lessons_(filter.partitions()) {}

KeyTeacher::~KeyTeacher() {
  stop();
}

void KeyTeacher::start() {
  SCALEMART_CHECK(!thread_.joinable());
  if (filter_.is_there()) thread_ = std::thread([this] { run(); });
}

void KeyTeacher::stop() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void KeyTeacher::seen(std::uint32_t partition, FilterEpoch epoch, bool keys_known) {
  const std::lock_guard guard(mutex_);
  Lesson& lesson = lessons_[partition];
  if (keys_known)
    lesson.open = false;
  else if (!lesson.open || lesson.epoch != epoch)
    lesson = {epoch, clock_.steady() + options_.settle_time, {}, true};
}

std::optional<std::uint32_t> KeyTeacher::next_due() {
  const std::lock_guard guard(mutex_);
  for (std::uint32_t p = 0; p < lessons_.size(); ++p)
    if (lessons_[p].open && clock_.steady() >= lessons_[p].due) return p;
  return std::nullopt;
}

bool KeyTeacher::step() {
  const auto partition = next_due();
  if (!partition) return false;
  teach(*partition);
  return true;
}

void KeyTeacher::teach(std::uint32_t partition) {
  Lesson lesson;
  {
    const std::lock_guard guard(mutex_);
    lesson = lessons_[partition];
  }
  bool remembered = false;
  bool last = false;
  if (const auto page = record_.used_keys(lesson.after, options_.page, options_.within)) {
    last = page->size() < options_.page;
    std::vector<BuyerKey> keys;
    for (const UsedKey& used : *page)
      if (partition_of(used.product, filter_.partitions()) == partition) keys.push_back(used.key);
    if (!page->empty()) lesson.after = page->back().order;
    remembered = (keys.empty() && !last) || filter_.with(partition, [&](StockFilter& filter) {
      return filter.remember(partition, lesson.epoch, keys, last, options_.within);
    });
  }
  const std::lock_guard guard(mutex_);
  Lesson& now = lessons_[partition];
  if (!now.open || now.epoch != lesson.epoch) return;  // another process was quicker, or it was lost again
  if (!remembered)
    now.due = clock_.steady() + options_.look_every;  // the same page again; another epoch comes with seen()
  else if (last)
    now.open = false;
  else
    now.after = lesson.after;
}

void KeyTeacher::run() {
  ::prctl(PR_SET_NAME, "keys");
  for (;;) {
    {
      std::unique_lock guard(mutex_);
      if (stopping_) return;
    }
    if (step()) continue;
    std::unique_lock guard(mutex_);
    wake_.wait_for(guard, options_.look_every, [this] { return stopping_; });
  }
}

}  // namespace scalemart
