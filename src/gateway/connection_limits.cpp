#include "gateway/connection_limits.hpp"

#include "base/check.hpp"

namespace scalemart {

ConnectionLimits::Admitted ConnectionLimits::enter(const IpAddress& peer, bool exempt) {
  const std::size_t before = count_.fetch_add(1, std::memory_order_relaxed);
  if (before >= caps_.total + caps_.reserved) {
    count_.fetch_sub(1, std::memory_order_relaxed);
    return Admitted::refused;
  }
  if (!exempt && caps_.per_address > 0) {
    const IpAddress key = peer.limit_key();
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    std::size_t& mine = shard.counts[key];
    if (mine >= caps_.per_address) {
      count_.fetch_sub(1, std::memory_order_relaxed);
      return Admitted::refused;
    }
    ++mine;
  }
  return before >= caps_.total ? Admitted::for_health_only : Admitted::fully;
}

void ConnectionLimits::leave(const IpAddress& peer, bool exempt) {
  count_.fetch_sub(1, std::memory_order_relaxed);
  if (exempt || caps_.per_address == 0) return;
  const IpAddress key = peer.limit_key();
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.counts.find(key);
  SCALEMART_CHECK(found != shard.counts.end() && found->second > 0);
  if (--found->second == 0) shard.counts.erase(found);
}

}  // namespace scalemart
