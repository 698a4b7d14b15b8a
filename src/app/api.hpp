#pragma once
// The HTTP side, composed: document, routes, limits, guards, gateway.

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "admission/limiter.hpp"
#include "app/config.hpp"
#include "app/engine.hpp"
#include "app/identity.hpp"
#include "app/order_desk.hpp"
#include "app/pages.hpp"
#include "app/statistics.hpp"
#include "base/task_pool.hpp"
#include "flow/checkout.hpp"
#include "gateway/server.hpp"
#include "port/sale_history.hpp"
#include "port/webhooks.hpp"

namespace scalemart {

class Streams;

/// Purpose: names every resource and what stands behind it.
/// Lifetimes: everything in Parts outlives it. Stop the ledger before destroying it (see gateway/server.hpp).
class Api {
 public:
  struct Parts {
    Engine& engine;
    Identity& identity;
    OrderDesk& desk;
    Statistics& statistics;
    Metrics& metrics;
    const Clock& clock;
    Random& random;
    std::function<std::vector<std::string>()> not_ready;
    SaleHistory& history;
    Webhooks& webhooks;
    std::vector<int> sockets;  ///< Inherited listening sockets; none: config.listen is listened on.
  };
  [[nodiscard]] static Result<std::unique_ptr<Api>> open(const Config& config, Parts parts);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  [[nodiscard]] Gateway& gateway() { return *gateway_; }
  [[nodiscard]] Limiter& limiter() { return *limiter_; }
  [[nodiscard]] const ApiDocument& document() const { return *document_; }
  /// Tells viewers what time alone has changed, and consoles the statistics.
  void every_second();
  /// Brings rate_limited_total to what the limiter has counted.
  void count_limits();

 private:
  explicit Api(Parts parts);
  [[nodiscard]] Result<void> set_limits(const Config& config);
  [[nodiscard]] Routes routes(const Config& config);
  [[nodiscard]] GuardsFactory guards();

  Parts parts_;
  std::unique_ptr<ApiDocument> document_;
  std::unique_ptr<Limiter> limiter_;
  std::mutex limits_mutex_;
  std::array<std::uint64_t, kPolicyCount> limits_counted_{};  ///< Guarded by limits_mutex_.
  std::shared_ptr<void> refresh_;                             ///< Keeps count_limits() called before each scrape.
  std::unique_ptr<TaskPool> pool_;
  std::unique_ptr<TaskPool> webhook_pool_;  ///< Waits for strangers.
  std::unique_ptr<Checkout> checkout_;
  std::unique_ptr<Streams> streams_;
  std::unique_ptr<Gateway> gateway_;
};

/// What is wrong with a rate limit, or nothing.
[[nodiscard]] std::optional<std::string> fault_of_rate_limit(std::string_view setting);

}  // namespace scalemart
