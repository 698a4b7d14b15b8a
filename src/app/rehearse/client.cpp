#include "app/rehearse/client.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.hpp"

namespace scalemart::rehearse {

Result<Address> resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (code != 0) return error(host + ": " + gai_strerror(code));
  Address out;
  std::memcpy(&out.storage, list->ai_addr, list->ai_addrlen);
  out.size = list->ai_addrlen;
  freeaddrinfo(list);
  return out;
}

Client::Client(Address address, unsigned connections, std::chrono::nanoseconds timeout, const Clock& clock, Sink& sink)
    : address_(address),
      timeout_(timeout),
      clock_(clock),
      sink_(sink),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      connections_(connections),
      buffer_(64 * 1024) {
  SCALEMART_CHECK(epoll_ >= 0 && connections > 0);
  for (std::uint32_t i = connections; i > 0; --i) idle_.push_back(i - 1);
}

Client::~Client() {
  for (const Connection& connection : connections_) {
    if (connection.fd >= 0) ::close(connection.fd);
  }
  ::close(epoll_);
}

bool Client::open(std::uint32_t index) {
  Connection& c = connections_[index];
  c.fd = socket(address_.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c.fd < 0) return false;
  const int yes = 1;
  setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  const int code = ::connect(c.fd, reinterpret_cast<const sockaddr*>(&address_.storage), address_.size);
  if (code != 0 && errno != EINPROGRESS) {
    ::close(c.fd);
    c.fd = -1;
    return false;
  }
  c.connected = code == 0;
  c.reused = false;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u32 = index;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &event);
  return true;
}

void Client::close(std::uint32_t index) {
  Connection& c = connections_[index];
  if (c.fd >= 0) ::close(c.fd);  // epoll forgets it by itself
  c.fd = -1;
  c.connected = false;
}

void Client::connect_all() {
  for (std::uint32_t i = 0; i < connections_.size(); ++i) {
    if (connections_[i].fd < 0) open(i);
    if (i % 128 == 127) turn(clock_.steady());  // the backlog of the server is short
  }
}

void Client::submit(std::uint32_t tag, std::string_view request) {
  const SteadyTime deadline = clock_.steady() + timeout_;
  if (!idle_.empty() && waiting_.empty()) {  // first come, first served: deadlines stay in order
    const std::uint32_t index = idle_.back();
    idle_.pop_back();
    begin(index, tag, request, deadline);
  } else if (waiting_.size() < kWaitingMax) {
    waiting_.push_back({tag, std::string(request), deadline});
  } else {
    sink_.failed(tag, Failure::not_sent);
  }
}

void Client::begin(std::uint32_t index, std::uint32_t tag, std::string_view request, SteadyTime deadline) {
  Connection& c = connections_[index];
  c.tag = tag;
  ++c.serial;
  ++in_flight_;
  c.out.assign(request);
  c.written = 0;
  c.reader.reset();
  deadlines_.push_back({deadline, index, c.serial});
  if (c.fd < 0 && !open(index)) {
    fail(index, Failure::connection);
  } else if (c.connected) {
    flush(index);
  }
}

void Client::flush(std::uint32_t index) {
  Connection& c = connections_[index];
  while (c.written < c.out.size()) {
    const ssize_t n = send(c.fd, c.out.data() + c.written, c.out.size() - c.written, MSG_NOSIGNAL);
    if (n > 0) {
      c.written += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    } else if (errno != EINTR) {
      // A server may close an idle connection at any time: then nothing was taken, and a new one is tried
      // once.
      if (c.reused && c.written == 0) {
        close(index);
        if (open(index)) return;
      }
      return fail(index, Failure::connection);
    }
  }
}

void Client::readable(std::uint32_t index) {
  Connection& c = connections_[index];
  for (;;) {
    const ssize_t n = recv(c.fd, buffer_.data(), buffer_.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (n <= 0) {
      if (c.tag != kIdle) return fail(index, Failure::connection);
      return close(index);
    }
    if (c.tag == kIdle) return close(index);  // nothing was asked
    const auto state = c.reader.feed({buffer_.data(), static_cast<std::size_t>(n)});
    if (state == AnswerReader::State::broken) return fail(index, Failure::nonsense);
    if (state == AnswerReader::State::complete) return finish(index);
  }
}

void Client::finish(std::uint32_t index) {
  Connection& c = connections_[index];
  const std::uint32_t tag = c.tag;
  c.tag = kIdle;
  c.reused = true;
  --in_flight_;
  if (!c.reader.answer().keep_alive) close(index);
  const HttpAnswer answer = std::move(c.reader.answer());
  next_for(index);
  sink_.answered(tag, answer);
}

void Client::fail(std::uint32_t index, Failure why) {
  Connection& c = connections_[index];
  const std::uint32_t tag = c.tag;
  c.tag = kIdle;
  --in_flight_;
  close(index);
  idle_.push_back(index);  // not next_for: a dead server must not be asked in a loop without a turn
  sink_.failed(tag, why);
}

void Client::next_for(std::uint32_t index) {
  if (waiting_.empty()) {
    idle_.push_back(index);
    return;
  }
  Waiting next = std::move(waiting_.front());
  waiting_.pop_front();
  begin(index, next.tag, next.request, next.deadline);
}

void Client::expire(SteadyTime now) {
  // Those in line began earlier than those in flight end: both lists are in order of their deadline.
  while (!waiting_.empty() && waiting_.front().deadline <= now) {
    const std::uint32_t tag = waiting_.front().tag;
    waiting_.pop_front();
    sink_.failed(tag, Failure::timeout);
  }
  while (!deadlines_.empty()) {
    const Deadline first = deadlines_.front();
    const Connection& c = connections_[first.connection];
    const bool stale = c.serial != first.serial || c.tag == kIdle;
    if (!stale && first.at > now) return;
    deadlines_.pop_front();
    if (!stale) fail(first.connection, Failure::timeout);
  }
}

void Client::turn(SteadyTime until) {
  const SteadyTime now = clock_.steady();
  SteadyTime wake = until;
  if (!deadlines_.empty()) wake = std::min(wake, deadlines_.front().at);
  const auto wait = std::max(std::chrono::nanoseconds{0}, wake - now);
  const timespec timeout{static_cast<time_t>(wait.count() / 1'000'000'000),
                         static_cast<long>(wait.count() % 1'000'000'000)};
  std::array<epoll_event, 512> events{};
  const int n = epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
  for (int i = 0; i < n; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    const std::uint32_t index = event.data.u32;
    Connection& c = connections_[index];
    if (c.fd < 0) continue;
    if (!c.connected && (event.events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
      int fault = 0;
      socklen_t size = sizeof fault;
      getsockopt(c.fd, SOL_SOCKET, SO_ERROR, &fault, &size);
      if (fault != 0) {
        if (c.tag != kIdle)
          fail(index, Failure::connection);
        else
          close(index);
        continue;
      }
      c.connected = true;
    }
    if (c.tag != kIdle && c.connected && c.written < c.out.size()) flush(index);
    if (c.fd >= 0 && c.connected && (event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) != 0) readable(index);
  }
  expire(clock_.steady());
  // Connections that failed took their place among the idle; what waits may use them now.
  while (!waiting_.empty() && !idle_.empty()) {
    const std::uint32_t index = idle_.back();
    idle_.pop_back();
    next_for(index);
  }
}

}  // namespace scalemart::rehearse
