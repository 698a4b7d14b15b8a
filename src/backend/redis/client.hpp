#pragma once
// Commands to whichever server has the key, found and found again.

#include <functional>
#include <map>
#include <memory>

#include "backend/redis/connection.hpp"
#include "backend/redis/router.hpp"

namespace scalemart::redis {

/// Purpose: sends a command to the master of its key and follows what moved: a failover (Sentinel), MOVED and
/// ASK (Cluster), a connection that the server closed. Repeats only what was certainly not done.
/// Operation: connections are opened when needed and kept. A server that failed is left alone for kPause,
/// and calls to it fail at once, so that a Redis that is away costs callers little.
/// Errors: Failure says whether something may have been done. A call ends by its deadline.
/// Concurrency: one thread; each thread has a Client of its own.
class Client {
 public:
  static constexpr auto kPause = std::chrono::milliseconds(100);

  /// Never fails for a server that is away; an error is a CA file that cannot be read.
  [[nodiscard]] static Result<Client> make(const Address& address, const Clock& clock);

  [[nodiscard]] Answered<Reply> call(std::string_view key, const Command& command, SteadyTime deadline);
  /// Runs `work` with a connection to each master, until it fails. Pauses do not apply.
  [[nodiscard]] Answered<void> each_master(const std::function<Answered<void>(Connection&)>& work, SteadyTime deadline);
  /// A connection of the caller's own to some master; for subscriptions.
  [[nodiscard]] Answered<Connection> open(std::string_view key, SteadyTime deadline);

  [[nodiscard]] const Clock& clock() const { return *access_.clock; }
  [[nodiscard]] const Address& address() const { return address_; }

 private:
  struct Server {
    std::optional<Connection> connection;
    SteadyTime not_before{};  ///< It failed: no attempt until then.
    std::string why;
  };

  explicit Client(Address address) : address_(std::move(address)) {}
  [[nodiscard]] Answered<Connection*> connect(const Endpoint& to, SteadyTime deadline);
  [[nodiscard]] Answered<Reply> ask(const Endpoint& to, const Command& command, SteadyTime deadline);
  /// What to make of an error of the server. True: try again, the router knows better now.
  [[nodiscard]] bool learn(const Endpoint& from, std::uint16_t slot, Failure& failure);
  void drop(const Endpoint& server, const std::string& why);

  Address address_;
  Access access_;
  std::unique_ptr<Router> router_;
  std::map<Endpoint, Server> servers_;
  SteadyTime lost_until_{};  ///< The router found nobody: no attempt until then.
  std::string lost_why_;
};

}  // namespace scalemart::redis
