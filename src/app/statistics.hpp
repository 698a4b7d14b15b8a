#pragma once
// The sale in numbers, for GET /api/admin/stats, its stream, the command line and the metrics' gauges.

#include <atomic>
#include <boost/json/object.hpp>
#include <functional>
#include <memory>

#include "app/engine.hpp"
#include "app/product_window.hpp"
#include "fulfilment/service.hpp"
#include "telemetry/metrics.hpp"

namespace scalemart {

/// Purpose: gathers what the parts count; keeps nothing but the drift and the products' last seconds.
/// Concurrency: render() from any thread; every_second() from one.
class Statistics {
 public:
  struct Parts {
    Engine& engine;
    Metrics& metrics;
    const Clock& clock;
    FulfilmentService* fulfilment = nullptr;             ///< nullptr: there is none in this process.
    std::function<std::size_t()> connections = nullptr;  ///< nullptr: no gateway in this process.
  };
  explicit Statistics(Parts parts);

  [[nodiscard]] boost::json::object render() const;

  /// The drift, and how fast each product goes.
  void every_second();
  [[nodiscard]] std::int64_t drift() const noexcept { return drift_->load(std::memory_order_relaxed); }

 private:
  /// Compares, on the sequencer's thread and so at one moment, every product's stock with its own sum and all
  /// sold units with the orders' own count. What differs is the drift.
  void look_for_drift();
  void set_gauges() const;
  void add_products(boost::json::object& data, WallTime now) const;
  void set_worker_gauges(const std::vector<WorkerView>& workers) const;

  Parts parts_;
  std::shared_ptr<std::atomic<std::int64_t>> drift_;  ///< Shared with looks that are under way.
  ProductWindow products_;
  std::shared_ptr<void> refresh_;  ///< Keeps set_gauges() called before each scrape.
};

}  // namespace scalemart
