#pragma once
// Token buckets inside Redis.

#include <optional>

#include "backend/redis/functions.hpp"
#include "port/shared_limits.hpp"

namespace scalemart {

struct RedisLimitsSettings {
  redis::Keyspace keys;
  /// Over how many slots buckets are spread. One: a batch is one command. A cluster takes some of the load apart
  /// with as many as it has masters. The same for all gateways.
  std::uint32_t shards = 1;
};

/// Purpose: port/shared_limits.hpp; the function `limit` decides. A bucket's key goes away when it is full.
class RedisLimits final : public SharedLimits {
 public:
  RedisLimits(redis::Client client, RedisLimitsSettings settings);
  [[nodiscard]] bool take(std::span<const BucketTake> takes, std::vector<BucketState>& states,
                          std::chrono::milliseconds within) override;
  /// The same at a time of the caller's, for tests: nanoseconds since 1970.
  [[nodiscard]] bool take_at(std::optional<std::int64_t> now_ns, std::span<const BucketTake> takes,
                             std::vector<BucketState>& states, std::chrono::milliseconds within);
  /// Why the last take failed; empty: it did not.
  [[nodiscard]] const std::string& why_away() const { return why_away_; }

 private:
  struct Shard {
    std::string base;
    std::string packed;
    std::vector<std::size_t> places;  ///< Of its items in the batch.
  };
  redis::Functions functions_;
  std::vector<Shard> shards_;
  std::string why_away_;
};

}  // namespace scalemart
