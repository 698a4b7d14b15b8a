#pragma once
// Every metric of ScaleMart, by the names operators watch. tests/golden/metrics.txt lists them.

#include <prometheus/collectable.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "telemetry/family.hpp"
#include "telemetry/window.hpp"

namespace scalemart {

/// One route's share of the HTTP metrics, with its series at hand. Status codes 100..599.
class RouteMetrics {
 public:
  RouteMetrics(Family<Counter>& requests, Histogram& duration, Counter& all, std::string route, std::string method);
  /// Counts one answer. A few nanoseconds once a status has been seen.
  void answered(int status, std::chrono::nanoseconds took) noexcept {
    duration_.record(took);
    all_.add();
    const auto index = static_cast<std::size_t>(status - 100);
    if (index >= by_status_.size()) return;
    Counter* counter = by_status_[index].load(std::memory_order_acquire);
    (counter != nullptr ? *counter : first_of(status)).add();
  }

 private:
  Counter& first_of(int status) noexcept;
  Family<Counter>& requests_;
  Histogram& duration_;
  Counter& all_;
  std::string route_, method_;
  std::array<std::atomic<Counter*>, 500> by_status_{};
};

/// Purpose: the process's metrics. One object, made by app/, handed down by reference.
/// Operation: the hot path adds to instruments it has looked up once; gauges that nobody pushes are set by
/// functions given to before_collect(). tick() once a second feeds the window behind /api/admin/stats.
/// Concurrency: everything from any thread; tick() from one.
class Metrics final : public prometheus::Collectable {
 public:
  Metrics();

  Family<Counter> buys_total;              // {outcome}
  Family<Histogram> buy_duration_seconds;  // from the request's last byte to its answer
  Family<Gauge> stock_units;               // {product,state}: available, held, sold
  Family<Gauge> ledger_drift_units;
  Family<Histogram> commit_batch_size;
  Family<Histogram> commit_duration_seconds;
  Family<Gauge> queue_depth;                      // {stage}
  Family<Gauge> queue_oldest_age_seconds;         // {stage}
  Family<Histogram> fulfilment_duration_seconds;  // {stage}
  Family<Counter> fulfilment_attempts_total;      // {stage,result}
  Family<Gauge> dead_letters;
  Family<Counter> rate_limited_total;               // {policy}
  Family<Counter> http_requests_total;              // {route,method,status}
  Family<Histogram> http_request_duration_seconds;  // {route}
  Family<Gauge> connections;
  Family<Gauge> breaker_state;       // {dependency}: 0 closed, 1 half open, 2 open
  Family<Gauge> workers;             // {place}: server, process
  Family<Gauge> ready;               // 1: as /readyz says
  Family<Counter> notices_total;     // {receiver,result}: what others were told of orders and stock
  Family<Gauge> webhook_endpoints;   // {state}: enabled, disabled
  Family<Gauge> worker_concurrency;  // {place}: of all workers there, now
  Family<Gauge> build_info;          // {version,revision,compiler}: always 1

  /// The instruments without labels, looked up.
  Histogram& buy_duration;
  Gauge& drift;
  Histogram& batch_size;
  Histogram& commit_duration;
  Gauge& dead_letter_count;
  Gauge& open_connections;
  Counter http_requests;  ///< All routes together; for the window only, not exposed.

  /// Found or made. `route` is the template ("/api/orders/{id}"), never the path.
  [[nodiscard]] RouteMetrics& route(std::string_view route, std::string_view method);

  /// Runs `refresh` before each scrape for as long as the returned handle lives.
  [[nodiscard]] std::shared_ptr<void> before_collect(std::function<void()> refresh);

  std::vector<prometheus::MetricFamily> Collect() const override;
  /// Prometheus text, version 0.0.4.
  [[nodiscard]] std::string render() const;
  /// Likewise, what a worker in a process of its own knows: its steps, and how the process is.
  [[nodiscard]] std::string render_worker() const;

  /// Once a second, from one thread.
  void tick(SteadyTime now);
  /// Rates and percentiles of the last seconds (at most `seconds`, at most kWindowSeconds).
  [[nodiscard]] WindowView window(unsigned seconds = 10) const;

 private:
  [[nodiscard]] WindowSample sample(SteadyTime now);
  struct Route {
    std::string route, method;
    std::unique_ptr<RouteMetrics> metrics;
  };
  mutable std::mutex mutex_;
  std::vector<Route> routes_;
  mutable std::vector<std::weak_ptr<std::function<void()>>> refreshers_;
  WindowHistory history_;
};

}  // namespace scalemart
