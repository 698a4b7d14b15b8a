#pragma once
// How many connections there may be: in all, and from one address.
//
// Purpose: one client, or many slow ones, cannot keep the others out. Above `total` a few more are let in
// that may only ask for health, so that whoever watches over us is still answered. Concurrency: thread-safe;
// asked once per connection.

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/ip_address.hpp"

namespace scalemart {

class ConnectionLimits {
 public:
  struct Caps {
    std::size_t total = 20'000;
    std::size_t reserved = 64;      ///< On top of total, for health checks.
    std::size_t per_address = 512;  ///< 0: no limit.
  };
  enum class Admitted : std::uint8_t { fully, for_health_only, refused };

  explicit ConnectionLimits(const Caps& caps) : caps_(caps) {}

  /// exempt: loopback and trusted proxies, not counted by address.
  [[nodiscard]] Admitted enter(const IpAddress& peer, bool exempt);
  /// For every connection that was not refused.
  void leave(const IpAddress& peer, bool exempt);

  [[nodiscard]] std::size_t count() const { return count_.load(std::memory_order_relaxed); }
  /// More than four fifths are in use: idle connections are given less patience.
  [[nodiscard]] bool is_under_pressure() const { return count() * 5 > caps_.total * 4; }

 private:
  struct Shard {
    std::mutex mutex;
    std::unordered_map<IpAddress, std::size_t> counts;  ///< Guarded by mutex; an entry per address that is here.
  };
  [[nodiscard]] Shard& shard_of(const IpAddress& key) { return shards_[key.hash() % shards_.size()]; }

  Caps caps_;
  std::atomic<std::size_t> count_{0};
  std::array<Shard, 16> shards_;
};

}  // namespace scalemart
