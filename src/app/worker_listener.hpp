#pragma once
// What a worker in a process of its own tells those who watch: /healthz, /readyz and /metrics on an address of its own.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/config.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "gateway/server.hpp"
#include "port/finished_step.hpp"
#include "telemetry/metrics.hpp"

namespace scalemart {

/// Purpose: SCALEMART_METRICS_LISTEN. Without it nothing listens. Only what nobody else tells is told: in a shared shop
/// the steps of this worker; beside a server these are in the server's metrics. Queue, breakers and workers are told by
/// gateways for all.
/// Concurrency: as Gateway; count() on the fulfilment loop's thread. `not_ready` is asked on the listener's.
class WorkerListener {
 public:
  using NotReady = std::function<std::vector<std::string>()>;
  /// nullptr: it is not wanted. Errors: an address that cannot be listened on.
  [[nodiscard]] static Result<std::unique_ptr<WorkerListener>> open(const Config& config, const Clock& clock,
                                                                    NotReady not_ready);
  void start() { gateway_->start(); }
  /// Every step that ends, and then `also`.
  [[nodiscard]] StepHook count(StepHook also);
  [[nodiscard]] std::uint16_t port() const { return gateway_->port(); }

 private:
  explicit WorkerListener(bool counts_steps) : counts_steps_(counts_steps) {}
  [[nodiscard]] std::string render(const NotReady& not_ready);

  const bool counts_steps_;
  SecureRandom random_;
  Metrics metrics_;
  std::unique_ptr<Gateway> gateway_;
};

}  // namespace scalemart
