#include "app/frame_socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kReadAtOnce = 256 * 1024;
constexpr int kLastWordsMs = 1000;  ///< For what was sent before close().

}  // namespace

FrameSocket::FrameSocket(int fd) : fd_(fd), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  SCALEMART_CHECK(wake_ >= 0);
  ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) | O_NONBLOCK);
}

FrameSocket::~FrameSocket() {
  ::close(fd_);
  ::close(wake_);
}

void FrameSocket::wake() noexcept {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(wake_, &one, sizeof one));  // full: it is awake anyway
}

void FrameSocket::send(Bytes frame) {
  {
    const std::lock_guard lock(mutex_);
    if (closing_ || overflow_) return;
    overflow_ = out_.size() + frame.size() > kOutMax;
    if (!overflow_ && out_.empty()) {
      out_ = std::move(frame);
    } else if (!overflow_) {
      out_.insert(out_.end(), frame.begin(), frame.end());
    }
  }
  wake();
}

void FrameSocket::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake();
}

bool FrameSocket::refill() {
  if (written_ < writing_.size()) return true;
  writing_.clear();
  written_ = 0;
  const std::lock_guard lock(mutex_);
  writing_.swap(out_);
  return !writing_.empty();
}

std::string FrameSocket::run(const OnMessage& on_message) {
  std::string why;
  for (;;) {
    const bool has_output = refill();
    bool closing = false;
    {
      const std::lock_guard lock(mutex_);
      closing = closing_;
      if (overflow_) return "the other end does not read";
    }
    if (closing && !has_output) return "closed";
    const auto events = static_cast<short>((closing ? 0 : POLLIN) | (has_output ? POLLOUT : 0));
    std::array<pollfd, 2> ready{pollfd{fd_, events, 0}, pollfd{wake_, POLLIN, 0}};
    const int count = ::poll(ready.data(), ready.size(), closing ? kLastWordsMs : -1);
    if (count < 0 && errno != EINTR) return std::string("poll: ") + std::strerror(errno);
    if (count == 0) return "closed";
    if (ready[1].revents != 0) {
      std::uint64_t drained = 0;
      static_cast<void>(!::read(wake_, &drained, sizeof drained));
    }
    if ((ready[0].revents & POLLOUT) != 0 && !write(why)) return why;
    if ((ready[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
    if (closing) return "closed";
    if (!read(on_message, why)) return why;
  }
}

bool FrameSocket::read(const OnMessage& on_message, std::string& why) {
  std::array<std::byte, kReadAtOnce> buffer;  // NOLINT: filled by recv
  const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (count <= 0) {
    why = count == 0 ? "the other end has gone" : std::strerror(errno);
    return false;
  }
  reader_.put(std::span(buffer).first(static_cast<std::size_t>(count)));
  for (auto content = reader_.next(); !content.empty(); content = reader_.next()) {
    auto message = frame::decode(content);
    if (!message) return why = message.error().message, false;
    if (!on_message(std::move(*message), content.size())) return why = "the other end says more than is heard", false;
  }
  if (reader_.failed()) why = "a frame that is empty or too large";
  return !reader_.failed();
}

bool FrameSocket::write(std::string& why) {
  const ssize_t count = ::send(fd_, writing_.data() + written_, writing_.size() - written_, MSG_NOSIGNAL);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (count < 0) return why = std::strerror(errno), false;
  written_ += static_cast<std::size_t>(count);
  return true;
}

}  // namespace scalemart
