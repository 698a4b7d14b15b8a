#pragma once
// The sale in numbers, for GET /api/admin/stats, its stream, the command line and the metrics' gauges.

#include <boost/json/object.hpp>
#include <functional>
#include <memory>

#include "app/engine.hpp"
#include "app/product_window.hpp"
#include "fulfilment/desk.hpp"
#include "telemetry/metrics.hpp"

namespace scalemart {

/// Purpose: gathers what the parts count; keeps nothing but the products' last seconds.
/// Concurrency: render() from any thread; every_second() from one.
class Statistics {
 public:
  struct Parts {
    Engine& engine;
    Metrics& metrics;
    const Clock& clock;
    FulfilmentDesk* fulfilment = nullptr;             ///< nullptr: there is none in this process.
    std::function<std::size_t()> connections = nullptr;  ///< nullptr: no gateway in this process.
  };
  explicit Statistics(Parts parts);

  [[nodiscard]] boost::json::object render() const;

  /// How fast each product goes.
  void every_second();

 private:
  void set_gauges() const;
  void add_products(boost::json::object& data, WallTime now) const;
  void set_worker_gauges(const std::vector<WorkerView>& workers) const;

  Parts parts_;
  ProductWindow products_;
  std::shared_ptr<void> refresh_;  ///< Keeps set_gauges() called before each scrape.
};

}  // namespace scalemart
