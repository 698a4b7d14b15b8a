#include "app/control_stream.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/error.hpp>
#include <cerrno>

namespace scalemart {
namespace {

boost::system::error_code last_error() {
  return {errno, boost::system::system_category()};
}

bool has_to_wait() {
  return errno == EAGAIN || errno == EINTR;
}

}  // namespace

ControlStream::~ControlStream() {
  if (fd_ >= 0) ::close(fd_);
}

bool ControlStream::wait(short events, boost::system::error_code& failed) const {
  std::array<pollfd, 2> ready{pollfd{fd_, events, 0}, pollfd{wake_, POLLIN, 0}};
  const int count = ::poll(ready.data(), ready.size(), static_cast<int>(patience_.count()));
  if (count < 0 && errno != EINTR)
    failed = last_error();
  else if (count == 0)
    failed = boost::asio::error::timed_out;
  else if (ready[1].revents != 0)
    failed = boost::asio::error::operation_aborted;
  return !failed;
}

std::size_t ControlStream::receive(boost::asio::mutable_buffer to, boost::system::error_code& failed) {
  failed = {};
  if (to.size() == 0) return 0;
  while (wait(POLLIN, failed)) {
    const ssize_t size = ::recv(fd_, to.data(), to.size(), 0);
    if (size > 0) return static_cast<std::size_t>(size);
    if (size < 0 && has_to_wait()) continue;
    failed = size == 0 ? boost::system::error_code(boost::asio::error::eof) : last_error();
    return 0;
  }
  return 0;
}

std::size_t ControlStream::send(boost::asio::const_buffer from, boost::system::error_code& failed) {
  failed = {};
  for (;;) {  // Tried before it waits: the answer to the last command leaves also when the server stops.
    const ssize_t size = ::send(fd_, from.data(), from.size(), MSG_NOSIGNAL);
    if (size >= 0) return static_cast<std::size_t>(size);
    if (!has_to_wait()) failed = last_error();
    if (failed || !wait(POLLOUT, failed)) return 0;
  }
}

}  // namespace scalemart
