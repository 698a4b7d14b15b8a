#include "gateway/transport.hpp"

#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

namespace scalemart {
namespace {

IoResult plain_outcome(ssize_t n) {
  if (n > 0) return {static_cast<std::size_t>(n), IoStop::again};
  if (n == 0) return {0, IoStop::end};
  return {0, errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? IoStop::again : IoStop::failed};
}

int clamp(std::size_t n) {
  return static_cast<int>(std::min<std::size_t>(n, INT_MAX));
}

}  // namespace

Transport::Transport(int fd, SslHandle ssl) : fd_(fd), ssl_(std::move(ssl)) {
  if (ssl_) SSL_set_fd(ssl_.get(), fd_);
}

Transport::~Transport() {
  ssl_.reset();
  ::close(fd_);
}

IoResult Transport::tls_outcome(int result) {
  if (result > 0) return {static_cast<std::size_t>(result), IoStop::again};
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return {0, IoStop::again};
    case SSL_ERROR_ZERO_RETURN:
      return {0, IoStop::end};
    default:
      ERR_clear_error();
      return {0, IoStop::failed};
  }
}

IoResult Transport::read(char* to, std::size_t size) {
  if (!ssl_) return plain_outcome(::recv(fd_, to, size, 0));
  return tls_outcome(SSL_read(ssl_.get(), to, clamp(size)));
}

IoResult Transport::read_raw(char* to, std::size_t size) {
  return plain_outcome(::recv(fd_, to, size, 0));
}

IoResult Transport::write(std::string_view first, std::string_view second) {
  if (ssl_) {
    const auto piece = first.empty() ? second : first;
    if (piece.empty()) return {};
    return tls_outcome(SSL_write(ssl_.get(), piece.data(), clamp(piece.size())));
  }
  if (second.empty()) return plain_outcome(::send(fd_, first.data(), first.size(), MSG_NOSIGNAL));
  std::array<iovec, 2> pieces{iovec{const_cast<char*>(first.data()), first.size()},
                              iovec{const_cast<char*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  return plain_outcome(::sendmsg(fd_, &message, MSG_NOSIGNAL));
}

IoResult Transport::handshake() {
  ERR_clear_error();
  return tls_outcome(SSL_accept(ssl_.get()));
}

void Transport::shutdown_write() {
  if (ssl_) {
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  ::shutdown(fd_, SHUT_WR);
}

void Transport::reset() {
  const linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace scalemart
