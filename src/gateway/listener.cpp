#include "gateway/listener.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/ip_address.hpp"

namespace scalemart {
namespace {

constexpr int kBacklog = 4096;
/// What the kernel may keep of answers that a client does not read, beside what is on its way: of its own accord
/// it takes some megabytes for each connection, and the loop's time to copy them.
constexpr int kUnsentBytesMax = 256 * 1024;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

SocketAddress socket_address(const IpAddress& address, std::uint16_t port) {
  SocketAddress out;
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, address.bytes.data() + 12, 4);
    std::memcpy(&out.storage, &v4, sizeof v4);
    out.size = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, address.bytes.data(), 16);
    std::memcpy(&out.storage, &v6, sizeof v6);
    out.size = sizeof v6;
  }
  return out;
}

void set_option(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

/// -1 with errno set.
int bound_socket(const SocketAddress& at, bool share) {
  const int fd = ::socket(at.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (share) set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (at.storage.ss_family == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  // Connections inherit these, so they cost no call of their own.
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentBytesMax);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&at.storage), at.size) == 0) return fd;
  const int problem = errno;
  ::close(fd);
  errno = problem;
  return -1;
}

std::uint16_t port_of(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof v4);
    return ntohs(v4.sin_port);
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, &storage, sizeof v6);
  return ntohs(v6.sin6_port);
}

Error problem(const std::string& address, std::uint16_t port) {
  const std::string why = errno == EADDRINUSE      ? "the port is in use"
                          : errno == EACCES        ? "not permitted; ports below 1024 need CAP_NET_BIND_SERVICE"
                          : errno == EADDRNOTAVAIL ? "this machine does not have that address"
                                                   : std::strerror(errno);
  return error("cannot listen on " + address + " port " + std::to_string(port) + ": " + why);
}

}  // namespace

Result<Listeners> listen_on(const std::string& address, std::uint16_t port, std::size_t count) {
  const auto parsed = IpAddress::parse(address);
  if (!parsed) return error("cannot listen on '" + address + "': it is not an IPv4 or IPv6 address");
  if (port != 0) {
    const int probe = bound_socket(socket_address(*parsed, port), false);
    if (probe < 0) return problem(address, port);
    // Bound is not enough: Linux lets two sockets with SO_REUSEADDR bind as long as neither listens.
    const bool is_free = ::listen(probe, 1) == 0;
    const int why = errno;
    ::close(probe);
    errno = why;
    if (!is_free) return problem(address, port);
  }
  Listeners out;
  for (std::size_t i = 0; i < count; ++i) {
    const int fd = bound_socket(socket_address(*parsed, out.port == 0 ? port : out.port), true);
    if (fd < 0 || ::listen(fd, kBacklog) != 0) {
      const Error why = problem(address, port);
      if (fd >= 0) ::close(fd);
      for (const int other : out.fds) ::close(other);
      return why;
    }
    out.fds.push_back(fd);
    if (out.port == 0) out.port = port_of(fd);
  }
  return out;
}

}  // namespace scalemart
