#pragma once
// One connection to one Redis server: authenticated, its server known, every call within a deadline.

#include <memory>
#include <span>
#include <string>

#include "backend/redis/reply.hpp"
#include "backend/redis/stream.hpp"

namespace scalemart::redis {

/// What all connections of one client share.
struct Access {
  Credentials credentials;
  std::uint16_t database = 0;
  TlsContext tls;
  const Clock* clock = nullptr;
};

/// What a server says about itself.
struct ServerFacts {
  std::string identity;  ///< run_id: another one after each start of the process.
  std::string version;
  std::string eviction;  ///< maxmemory_policy
  bool is_master = false;
};

/// Concurrency: one thread. After a failure that is not `refused` the connection is of no use.
class Connection {
 public:
  /// Logs in and asks who is there. `inform`: false for Sentinels, which have no such facts.
  [[nodiscard]] static Answered<Connection> open(const Endpoint& to, const Access& access, SteadyTime deadline,
                                                 bool inform = true);

  /// An error of the server is a Failure of kind `refused`, never a Reply.
  [[nodiscard]] Answered<Reply> call(const Command& command, SteadyTime deadline) {
    return call({&command, 1}, deadline);
  }
  /// Sends them together; the answer of the last one, or the first refusal.
  [[nodiscard]] Answered<Reply> call(std::span<const Command> commands, SteadyTime deadline);
  // For subscriptions:
  /// Without waiting for an answer.
  [[nodiscard]] Answered<void> send(const Command& command, SteadyTime deadline);
  /// What comes next; nullopt: nothing did until the deadline, and the connection is as good as before.
  [[nodiscard]] Answered<std::optional<Reply>> listen(SteadyTime deadline);

  /// The server closed it while nobody looked.
  [[nodiscard]] bool is_stale() const { return stream_.is_closed(); }
  [[nodiscard]] const ServerFacts& facts() const { return facts_; }
  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

 private:
  Connection(Stream stream, const Endpoint& to);
  [[nodiscard]] Answered<void> introduce(const Access& access, SteadyTime deadline, bool inform);
  [[nodiscard]] Answered<Reply> receive(SteadyTime deadline);
  [[nodiscard]] Answered<std::optional<Reply>> received();
  [[nodiscard]] Answered<void> feed(SteadyTime deadline);
  [[nodiscard]] Failure failure(Failure::Kind kind, const std::string& why) const;

  struct FreeReader {
    void operator()(void* reader) const;
  };
  Stream stream_;
  Endpoint endpoint_;
  ServerFacts facts_;
  std::unique_ptr<void, FreeReader> reader_;
  std::string out_;
};

}  // namespace scalemart::redis
