#pragma once
// Which server has a key: always the same one, the one that the Sentinels name, or the slot's in a cluster.

#include <memory>
#include <vector>

#include "backend/redis/connection.hpp"

namespace scalemart::redis {

/// Concurrency: one thread. Every failure is of kind `away`.
class Router {
 public:
  virtual ~Router() = default;
  /// The master that has this slot.
  [[nodiscard]] virtual Answered<Endpoint> where(std::uint16_t slot, SteadyTime deadline) = 0;
  /// All masters.
  [[nodiscard]] virtual Answered<std::vector<Endpoint>> masters(SteadyTime deadline) = 0;
  /// This server did not answer, or is no master any more: ask again who is.
  virtual void failed(const Endpoint& server) = 0;
  /// A server of the cluster said so.
  virtual void moved(std::uint16_t slot, const Endpoint& to) = 0;
};

[[nodiscard]] std::unique_ptr<Router> make_single_router(const Address& address);
/// Asks the Sentinels one after the other, each for at most a fifth of a second.
[[nodiscard]] std::unique_ptr<Router> make_sentinel_router(const Address& address, const Access& access);
/// Keeps the table of slots, asks any node for it again when it proves wrong, at most every 100 ms.
[[nodiscard]] std::unique_ptr<Router> make_cluster_router(const Address& address, const Access& access);

/// `host:port` at the end of a redirection; an empty host: the one that answered.
[[nodiscard]] std::optional<Endpoint> parse_redirection(std::string_view text, const Endpoint& answered_by);

}  // namespace scalemart::redis
