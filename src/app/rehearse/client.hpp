#pragma once
// Many keep-alive connections to one server, on one thread.

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "app/rehearse/answer_reader.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

namespace scalemart::rehearse {

enum class Failure : std::uint8_t { timeout, connection, nonsense, not_sent };

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};
/// The first address of a name; looks it up once.
[[nodiscard]] Result<Address> resolve(const std::string& host, std::uint16_t port);

/// Purpose: sends requests over at most `connections` sockets, one request at a time on each, and says what
/// came back. Requests wait in line when all are busy, so the wait is part of what the caller measures.
/// Concurrency: one thread. The sink is called from turn() and submit().
/// Bounds: connections, kWaitingMax requests in line; a request beyond that fails as not_sent.
class Client {
 public:
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void answered(std::uint32_t tag, const HttpAnswer& answer) = 0;
    virtual void failed(std::uint32_t tag, Failure why) = 0;
  };
  static constexpr std::size_t kWaitingMax = 500'000;

  Client(Address address, unsigned connections, std::chrono::nanoseconds timeout, const Clock& clock, Sink& sink);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Opens every connection now, so that the crowd does not pay for handshakes one by one.
  void connect_all();
  /// `tag` comes back with the answer. The bytes are copied.
  void submit(std::uint32_t tag, std::string_view request);
  /// Waits for I/O at most until `until`, then handles it and what has timed out.
  void turn(SteadyTime until);
  [[nodiscard]] std::size_t in_flight() const { return in_flight_ + waiting_.size(); }

 private:
  static constexpr std::uint32_t kIdle = ~0U;
  struct Connection {
    int fd = -1;
    bool connected = false;
    bool reused = false;        ///< At least one answer came on it.
    std::uint32_t tag = kIdle;  ///< The request in flight.
    std::uint32_t serial = 0;   ///< Grows with every request: tells an old deadline from a new one.
    std::string out;
    std::size_t written = 0;
    AnswerReader reader;
  };
  struct Waiting {
    std::uint32_t tag;
    std::string request;
    SteadyTime deadline;
  };
  struct Deadline {
    SteadyTime at;
    std::uint32_t connection;
    std::uint32_t serial;
  };

  bool open(std::uint32_t index);
  void close(std::uint32_t index);
  void begin(std::uint32_t index, std::uint32_t tag, std::string_view request, SteadyTime deadline);
  void flush(std::uint32_t index);
  void readable(std::uint32_t index);
  void finish(std::uint32_t index);
  void fail(std::uint32_t index, Failure why);
  void next_for(std::uint32_t index);
  void expire(SteadyTime now);

  const Address address_;
  const std::chrono::nanoseconds timeout_;
  const Clock& clock_;
  Sink& sink_;
  int epoll_ = -1;
  std::vector<Connection> connections_;
  std::vector<std::uint32_t> idle_;  ///< Used last first: few stay warm when the rate is low.
  std::deque<Waiting> waiting_;
  std::deque<Deadline> deadlines_;  ///< All have the same timeout: in order.
  std::size_t in_flight_ = 0;
  std::vector<char> buffer_;
};

}  // namespace scalemart::rehearse
