#include "gateway/listener.hpp"

#include <fcntl.h>
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

/// Connections inherit these, so they cost no call of their own.
void set_options_of_connections(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentBytesMax);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

/// -1 with errno set.
int bound_socket(const SocketAddress& at, bool share) {
  const int fd = ::socket(at.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (share) set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (at.storage.ss_family == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  set_options_of_connections(fd);
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

int option(int fd, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

bool listens_for_tcp(int fd) {
  const int domain = option(fd, SO_DOMAIN);
  return (domain == AF_INET || domain == AF_INET6) && option(fd, SO_TYPE) == SOCK_STREAM &&
         option(fd, SO_ACCEPTCONN) == 1;
}

void close_all(const std::vector<int>& fds) {
  for (const int fd : fds) ::close(fd);
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
      for (const auto& others : out.of_loops) close_all(others);
      return why;
    }
    out.of_loops.push_back({fd});
    if (out.port == 0) out.port = port_of(fd);
  }
  return out;
}

Result<Listeners> take_over(const std::vector<int>& sockets, std::size_t count) {
  Listeners out;
  for (const int fd : sockets) {
    if (!listens_for_tcp(fd)) {
      close_all(sockets);
      return error("LISTEN_FDS: descriptor " + std::to_string(fd) +
                   " is not a listening TCP socket; allowed are those of ListenStream=ADDRESS:PORT");
    }
    const int flags = ::fcntl(fd, F_GETFL);
    ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    set_options_of_connections(fd);
    if (out.port == 0) out.port = port_of(fd);
  }
  out.of_loops.push_back(sockets);
  while (out.of_loops.size() < count) {
    std::vector<int> copies;
    for (const int fd : sockets) copies.push_back(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    out.of_loops.push_back(std::move(copies));
  }
  return out;
}

}  // namespace scalemart
