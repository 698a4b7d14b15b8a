#pragma once
// A shop, opened: on a folder of its own or shared with other processes, as the configuration says. What serves it and
// what operates on it without a server begin here.

#include <filesystem>
#include <functional>
#include <memory>

#include "admission/limiter.hpp"
#include "app/config.hpp"
#include "app/engine.hpp"
#include "app/fleet.hpp"
#include "app/identity.hpp"
#include "app/notice_desk.hpp"
#include "app/operations.hpp"
#include "app/order_desk.hpp"
#include "port/finished_step.hpp"
#include "telemetry/metrics.hpp"

namespace scalemart {

/// Destroyed from the end to the beginning.
struct Shop {
  std::shared_ptr<void> common;  ///< What the others stand on.
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Identity> identity;
  /// Once, before the engine starts. `on_step`: told of every step that ended, besides the metrics.
  std::function<Result<std::unique_ptr<OrderDesk>>(StepHook on_step)> open_desk;
  /// Once, after the desk if there is one.
  std::function<Result<std::unique_ptr<NoticeDesk>>(OrderDesk* desk)> open_notices;
  /// Once; the limiter outlives it. Empty: there are no others.
  std::function<Result<std::unique_ptr<Fleet>>(Limiter& limiter)> join_fleet;
  /// Everything but the audit trail. Not from the engine's threads: it waits.
  std::function<Done<VerifyReport>()> verify;
  std::function<Done<BackupReport>(const std::filesystem::path& folder)> backup;
};

/// The error says what is wrong and, where somebody can do something, what.
[[nodiscard]] Done<Shop> open_shop(const Config& config, const Clock& clock, Metrics& metrics);

// The two kinds.
[[nodiscard]] Done<Shop> open_embedded_shop(const Config& config, const Clock& clock, Metrics& metrics);
[[nodiscard]] Done<Shop> open_shared_shop(const Config& config, const Clock& clock, Metrics& metrics);

}  // namespace scalemart
