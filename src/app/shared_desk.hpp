#pragma once
// What happens after the yes in a shop that several processes share.

#include <memory>

#include "app/config.hpp"
#include "app/order_desk.hpp"
#include "app/shared_engine.hpp"
#include "app/shared_stores.hpp"
#include "port/account_store.hpp"
#include "port/finished_step.hpp"

namespace scalemart {

struct SharedDeskParts {
  const Config& config;
  SharedEngine& engine;
  SharedRedis& redis;
  AccountStore& accounts;
  const Clock& clock;
  Metrics& metrics;
  StepHook on_step = {};
};

/// Purpose: OrderDesk over the order queue in Redis: puts in what this process sells and what a sweep finds, runs this
/// process's workers, shows and steers all of them. The parts outlive it; open it before the engine starts. Its end is
/// also the engine's: the ledger's last answers come here.
[[nodiscard]] Result<std::unique_ptr<OrderDesk>> open_shared_desk(SharedDeskParts parts);

}  // namespace scalemart
