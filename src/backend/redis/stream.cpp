#include "backend/redis/stream.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace scalemart::redis {
namespace {

Error system_error(int code) {
  return error(std::strerror(code));
}

Error tls_error(const std::string& what) {
  std::array<char, 256> text{};
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return error("TLS: " + what);
  ERR_error_string_n(code, text.data(), text.size());
  return error("TLS: " + what + " (" + text.data() + ")");
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

bool is_number(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> unused{};
  return inet_pton(AF_INET, host.c_str(), unused.data()) == 1 || inet_pton(AF_INET6, host.c_str(), unused.data()) == 1;
}

}  // namespace

Result<TlsContext> make_tls(const std::string& ca_file) {
  ERR_clear_error();
  TlsContext context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) return tls_error("no context");
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const int trusted = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context.get())
                                      : SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr);
  if (trusted != 1) return tls_error("cannot read certificates from " + (ca_file.empty() ? "the system" : ca_file));
  return context;
}

Result<Stream> Stream::connect(const Endpoint& to, const TlsContext& tls, const Clock& clock, SteadyTime deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int code = getaddrinfo(to.host.c_str(), std::to_string(to.port).c_str(), &hints, &list); code != 0)
    return error(gai_strerror(code));
  const std::unique_ptr<addrinfo, FreeAddresses> addresses(list);
  Error why = error("no address");
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    const int fd = socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol);
    if (fd < 0) {
      why = system_error(errno);
      continue;
    }
    Stream stream(fd, clock);
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    if (::connect(fd, at->ai_addr, at->ai_addrlen) != 0 && errno != EINPROGRESS) {
      why = system_error(errno);
      continue;
    }
    if (auto waited = stream.wait(POLLOUT, deadline); !waited) {
      why = waited.error();
      continue;
    }
    int code = 0;
    socklen_t size = sizeof(code);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size);
    if (code != 0) {
      why = system_error(code);
      continue;
    }
    if (tls)
      if (auto done = stream.shake_hands(tls, to.host, deadline); !done) return done.error();
    return stream;
  }
  return why;
}

Result<void> Stream::shake_hands(const TlsContext& tls, const std::string& host, SteadyTime deadline) {
  ssl_.reset(SSL_new(tls.get()));
  if (!ssl_ || SSL_set_fd(ssl_.get(), fd_) != 1) return tls_error("no connection");
  if (is_number(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host.c_str());
  } else {
    SSL_set1_host(ssl_.get(), host.c_str());
    SSL_set_tlsext_host_name(ssl_.get(), host.c_str());
  }
  for (;;) {
    ERR_clear_error();
    const int code = SSL_connect(ssl_.get());
    if (code == 1) return {};
    if (const long verdict = SSL_get_verify_result(ssl_.get()); verdict != X509_V_OK)
      return error(std::string("TLS: the server's certificate is not trusted: ") +
                   X509_verify_cert_error_string(verdict));
    if (auto waited = wait_for_tls(code, deadline); !waited) return waited.error();
  }
}

Result<void> Stream::wait(short events, SteadyTime deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock_->steady());
    if (left.count() <= 0) return error("no answer in time");
    pollfd fd{fd_, events, 0};
    const int ready = poll(&fd, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return system_error(errno);
  }
}

Result<void> Stream::wait_for_tls(int code, SteadyTime deadline) {
  switch (SSL_get_error(ssl_.get(), code)) {
    case SSL_ERROR_WANT_READ:
      return wait(POLLIN, deadline);
    case SSL_ERROR_WANT_WRITE:
      return wait(POLLOUT, deadline);
    case SSL_ERROR_ZERO_RETURN:
      return error("the server closed the connection");
    default:
      return tls_error("the connection broke");
  }
}

Result<void> Stream::write(std::string_view bytes, SteadyTime deadline) {
  while (!bytes.empty()) {
    if (ssl_) {
      ERR_clear_error();
      const int sent =
          SSL_write(ssl_.get(), bytes.data(), static_cast<int>(std::min(bytes.size(), std::size_t{1} << 30)));
      if (sent > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else if (auto waited = wait_for_tls(sent, deadline); !waited) {
        return waited.error();
      }
      continue;
    }
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (auto waited = wait(POLLOUT, deadline); !waited) return waited.error();
    } else if (errno != EINTR) {
      return system_error(errno);
    }
  }
  return {};
}

Result<std::size_t> Stream::read(std::span<char> into, SteadyTime deadline) {
  for (;;) {
    if (ssl_) {
      ERR_clear_error();
      const int got = SSL_read(ssl_.get(), into.data(), static_cast<int>(std::min(into.size(), std::size_t{1} << 30)));
      if (got > 0) return static_cast<std::size_t>(got);
      if (auto waited = wait_for_tls(got, deadline); !waited) return waited.error();
      continue;
    }
    const ssize_t got = recv(fd_, into.data(), into.size(), 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) return error("the server closed the connection");
    if (errno == EAGAIN) {
      if (auto waited = wait(POLLIN, deadline); !waited) return waited.error();
    } else if (errno != EINTR) {
      return system_error(errno);
    }
  }
}

bool Stream::wait_readable(SteadyTime deadline) {
  if (ssl_ && SSL_pending(ssl_.get()) > 0) return true;
  return wait(POLLIN, deadline).has_value();
}

bool Stream::is_closed() const {
  char byte = 0;
  const ssize_t got = recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

Stream::Stream(Stream&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), clock_(other.clock_), ssl_(std::move(other.ssl_)) {}

Stream& Stream::operator=(Stream&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
    clock_ = other.clock_;
    ssl_ = std::move(other.ssl_);
  }
  return *this;
}

Stream::~Stream() {
  close();
}

void Stream::close() noexcept {
  ssl_.reset();
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace scalemart::redis
