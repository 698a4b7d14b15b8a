#pragma once
// The registry of processes inside Redis.

#include "backend/redis/functions.hpp"
#include "port/process_registry.hpp"

namespace scalemart {

/// Purpose: port/process_registry.hpp; one hash slot for each kind of process.
class RedisRegistry final : public ProcessRegistry {
 public:
  /// base: Keyspace::workers() or gateways().
  RedisRegistry(redis::Client client, std::string base) : functions_(std::move(client)), base_(std::move(base)) {}
  [[nodiscard]] Result<std::optional<std::string>> beat(std::string_view name, std::string_view view,
                                                        std::chrono::milliseconds remembered,
                                                        std::chrono::milliseconds within) override;
  [[nodiscard]] Result<std::vector<Entry>> list(std::chrono::milliseconds within) override;
  [[nodiscard]] Result<bool> wish(std::string_view name, std::string_view text,
                                  std::chrono::milliseconds within) override;

 private:
  redis::Functions functions_;
  const std::string base_;
};

}  // namespace scalemart
