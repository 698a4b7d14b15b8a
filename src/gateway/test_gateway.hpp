#pragma once
// For tests: a real gateway on a loopback port under a manual clock, and a client that sends any bytes.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "base/random.hpp"
#include "gateway/server.hpp"

namespace scalemart::testing {

inline constexpr std::string_view kBuyerToken = "buyer-token";
inline constexpr std::string_view kAdminToken = "admin-token";

/// Knows two tokens and refuses an address or a user when told to.
class TestGuards final : public Guards {
 public:
  struct Control {
    std::atomic<bool> limit_address{false};
    std::atomic<bool> limit_user{false};
    std::atomic<bool> admin_in_store{true};
    std::atomic<int> answered{0};
    std::atomic<int> last_status{0};
  };
  explicit TestGuards(Control& control) : control_(control) {}
  Verified identify(std::string_view token) noexcept override {
    if (token == "expired-token") return TokenError::expired;
    if (token != kBuyerToken && token != kAdminToken) return TokenError::invalid;
    const bool admin = token == kAdminToken;
    return Principal{UserId{1, admin ? 2u : 1u}, admin ? Role::admin : Role::buyer, FamilyId{3, 3}, WallTime{}};
  }
  bool is_admin(UserId user) noexcept override { return user.lo == 2 && control_.admin_in_store; }
  std::optional<Response> limit_address(PolicyId, const IpAddress&, SteadyTime) noexcept override {
    if (!control_.limit_address) return std::nullopt;
    return error(429, "rate_limited", "Too many requests.");
  }
  std::optional<Response> limit_user(PolicyId, UserId, SteadyTime) noexcept override {
    if (!control_.limit_user) return std::nullopt;
    return error(429, "rate_limited", "Too many requests.");
  }
  void answered(const Answered& a) noexcept override {
    control_.last_status = a.status;
    ++control_.answered;
  }

 private:
  Control& control_;
};

inline Route route(Method method, std::string path, Handler handler, Access access = Access::open,
                   Body body = Body::none) {
  Route r;
  r.method = method;
  r.path = std::move(path);
  r.operation_id = r.path;
  r.access = access;
  r.body = body;
  r.handler = std::move(handler);
  return r;
}

/// Answers with what it was asked: method, path and body.
inline void echo(Exchange& x) {
  std::string text(to_text(x.method()));
  text.append(" ").append(x.path()).append(" ").append(x.body());
  Response r;
  r.content_type = "text/plain";
  r.body = text;
  x.respond(r);
}

class TestGateway {
 public:
  explicit TestGateway(Routes routes, const std::function<void(GatewayOptions&)>& change = {},
                       const ApiDocument* document = nullptr, Handler not_found = {}) {
    Gateway::Parts parts;
    parts.options.port = 0;
    parts.options.threads = 1;
    parts.options.timeouts.tick = std::chrono::milliseconds(2);
    if (change) change(parts.options);
    parts.routes = std::move(routes);
    parts.guards = [this](std::size_t) { return std::make_unique<TestGuards>(control); };
    parts.document = document;
    parts.not_found = std::move(not_found);
    auto created = Gateway::create(std::move(parts), clock, random);
    if (!created) throw std::runtime_error(created.error().message);
    gateway = std::move(*created);
    gateway->start();
  }
  /// Waits in real time for what the loop does in its own.
  template <class Condition>
  [[nodiscard]] bool eventually(Condition&& condition) {
    for (int i = 0; i < 2000; ++i) {
      if (condition()) return true;
      ::poll(nullptr, 0, 1);
    }
    return condition();
  }

  ManualClock clock;
  SeededRandom random{42};
  TestGuards::Control control;
  std::unique_ptr<Gateway> gateway;
};

/// A blocking client with a time-out of a few seconds on everything.
class RawClient {
 public:
  explicit RawClient(const TestGateway& gateway, int receive_buffer = 0) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const timeval limit{5, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(gateway.gateway->port());
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool connected() const { return connected_; }
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  void finish_sending() { ::shutdown(fd_, SHUT_WR); }
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  /// Until the peer closes; `orderly` tells a FIN from a reset or a time-out.
  std::string read_all(bool* orderly = nullptr) {
    std::string all = std::move(buffer_);
    buffer_.clear();
    char piece[16 * 1024];
    for (;;) {
      const auto n = ::recv(fd_, piece, sizeof piece, 0);
      if (n <= 0) {
        if (orderly != nullptr) *orderly = n == 0;
        return all;
      }
      all.append(piece, static_cast<std::size_t>(n));
    }
  }

  struct Reply {
    int status = 0;
    std::string head;
    std::string body;
    [[nodiscard]] std::string header(const std::string& name) const {
      const auto at = head.find("\r\n" + name + ": ");
      if (at == std::string::npos) return "";
      const auto from = at + name.size() + 4;
      return head.substr(from, head.find("\r\n", from) - from);
    }
  };
  /// One answer with Content-Length (or none); status 0 when the peer closed instead.
  Reply read_reply(bool head_only = false) {
    Reply reply;
    const auto end = fill_until("\r\n\r\n");
    if (end == std::string::npos) return reply;
    reply.head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    reply.status = std::stoi(reply.head.substr(9, 3));
    const auto length = reply.header("Content-Length");
    if (head_only || length.empty()) return reply;
    while (buffer_.size() < std::stoul(length))
      if (!fill()) return {};
    reply.body = buffer_.substr(0, std::stoul(length));
    buffer_.erase(0, reply.body.size());
    return reply;
  }
  /// The next text up to and including `mark`; empty when the peer closed instead.
  std::string read_until(const std::string& mark) {
    const auto end = fill_until(mark);
    if (end == std::string::npos) return "";
    std::string text = buffer_.substr(0, end + mark.size());
    buffer_.erase(0, text.size());
    return text;
  }
  [[nodiscard]] bool is_closed() {
    char c = 0;
    const auto n = ::recv(fd_, &c, 1, MSG_PEEK);
    return n == 0 || (n < 0 && errno == ECONNRESET);
  }
  [[nodiscard]] bool has_nothing_for(int ms) {
    pollfd p{fd_, POLLIN, 0};
    return buffer_.empty() && ::poll(&p, 1, ms) == 0;
  }

 private:
  bool fill() {
    char piece[16 * 1024];
    const auto n = ::recv(fd_, piece, sizeof piece, 0);
    if (n <= 0) return false;
    buffer_.append(piece, static_cast<std::size_t>(n));
    return true;
  }
  std::size_t fill_until(const std::string& mark) {
    for (;;) {
      const auto at = buffer_.find(mark);
      if (at != std::string::npos) return at;
      if (!fill()) return std::string::npos;
    }
  }
  int fd_ = -1;
  bool connected_ = false;
  std::string buffer_;
};

inline std::string get(const std::string& path, const std::string& fields = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: shop\r\n" + fields + "\r\n";
}

}  // namespace scalemart::testing
