#pragma once
// The gateways of a shop that Redis connects.

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "admission/limit_exchange.hpp"
#include "app/fleet.hpp"
#include "app/shared_stores.hpp"
#include "backend/redis/process_registry.hpp"
#include "backend/redis/shared_limits.hpp"

namespace scalemart {

/// Who serves now.
struct GatewaysSeen {
  std::size_t count = 0;
  std::optional<std::string> stranger;  ///< One deals products out differently: a line with what to do.
};
[[nodiscard]] Result<GatewaysSeen> look_at_gateways(const SharedRedis& redis);

/// Purpose: Fleet over the registry of gateways and the shared token buckets in Redis.
/// Operation: once a second it says that it is there and counts the others; the count is each one's part of the
/// budget while Redis is away. Gateways that deal the products out differently do not serve together: the younger one
/// refuses to start, and if they met later, none of them is ready.
class RedisFleet final : public Fleet {
 public:
  /// The error is one line with what to do. `limiter` outlives it.
  [[nodiscard]] static Result<std::unique_ptr<RedisFleet>> join(const SharedRedis& redis, Limiter& limiter,
                                                                const Clock& clock);
  ~RedisFleet() override;

  void start() override;
  void stop() override;
  [[nodiscard]] std::vector<std::string> faults() const override;
  [[nodiscard]] bool limits_are_apart() const override { return exchange_->is_away(); }

 private:
  RedisFleet(const SharedRedis& redis, Limiter& limiter, const Clock& clock);
  /// Says that it is there, or a last time that it goes; who else is there.
  [[nodiscard]] Result<std::vector<ProcessRegistry::Entry>> meet(std::chrono::milliseconds remembered);
  void run();

  const std::uint32_t partitions_;
  const std::string name_;
  const std::string view_;
  RedisRegistry registry_;
  RedisLimits limits_;
  std::unique_ptr<LimitExchange> exchange_;

  mutable std::mutex mutex_;  ///< Guards all below.
  std::condition_variable pulse_;
  std::optional<std::string> stranger_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace scalemart
