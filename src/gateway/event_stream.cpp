#include "gateway/event_stream.hpp"

namespace scalemart {

bool StreamReader::send(EventStream::Text event) noexcept {
  if (!event || event->empty()) return true;
  std::unique_lock lock(mutex_);
  if (gone_ || closing_) return false;
  if (overflow_ == StreamOptions::Overflow::keep_latest) {
    pending_.clear();
    bytes_ = 0;
  }
  if (!pending_.empty() && bytes_ + event->size() > bytes_max_) {
    closing_ = true;  // It reconnects and reads the state afresh.
  } else {
    bytes_ += event->size();
    pending_.push_back(std::move(event));
  }
  const bool alive = !closing_;
  announce(lock);
  return alive;
}

void StreamReader::close() noexcept {
  std::unique_lock lock(mutex_);
  if (gone_ || closing_) return;
  closing_ = true;
  announce(lock);
}

void StreamReader::announce(std::unique_lock<std::mutex>& lock) noexcept {
  if (announced_ && !closing_) return;
  announced_ = true;
  lock.unlock();
  mailbox_->news_for(shared_from_this());
}

StreamReader::News StreamReader::take() {
  const std::lock_guard lock(mutex_);
  announced_ = false;
  bytes_ = 0;
  News news{std::move(pending_), closing_};
  pending_.clear();
  return news;
}

void StreamReader::set_gone() noexcept {
  const std::lock_guard lock(mutex_);
  gone_ = true;
  pending_.clear();
}

}  // namespace scalemart
