#include "gateway/mailbox.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.hpp"
#include "gateway/event_stream.hpp"

namespace scalemart {

void Mailbox::Contents::clear() {
  answers.clear();
  completions.clear();
  readers.clear();
  tasks.clear();
}

Mailbox::Mailbox() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  SCALEMART_CHECK(fd_ >= 0);
}

Mailbox::~Mailbox() {
  ::close(fd_);
}

bool Mailbox::must_wake() {
  if (signalled_) return false;
  signalled_ = true;
  return true;
}

void Mailbox::wake() noexcept {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the loop is awake anyway.
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
}

void Mailbox::answers(std::span<const AnswerSink::Item> items) noexcept {
  bool wake_it = false;
  {
    const std::lock_guard lock(mutex_);
    contents_.answers.insert(contents_.answers.end(), items.begin(), items.end());
    wake_it = must_wake();
  }
  if (wake_it) wake();
}

void Mailbox::complete(std::uint64_t token, Response&& response) noexcept {
  bool wake_it = false;
  {
    const std::lock_guard lock(mutex_);
    contents_.completions.push_back({token, std::move(response)});
    wake_it = must_wake();
  }
  if (wake_it) wake();
}

void Mailbox::news_for(std::shared_ptr<StreamReader> reader) noexcept {
  bool wake_it = false;
  {
    const std::lock_guard lock(mutex_);
    contents_.readers.push_back(std::move(reader));
    wake_it = must_wake();
  }
  if (wake_it) wake();
}

void Mailbox::post(std::function<void()> task) {
  bool wake_it = false;
  {
    const std::lock_guard lock(mutex_);
    contents_.tasks.push_back(std::move(task));
    wake_it = must_wake();
  }
  if (wake_it) wake();
}

void Mailbox::take(Contents& out) {
  const std::lock_guard lock(mutex_);
  std::swap(out, contents_);
  signalled_ = false;
}

}  // namespace scalemart
