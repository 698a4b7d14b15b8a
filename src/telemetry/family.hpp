#pragma once
// One metric name and its series, one for each combination of label values.

#include <prometheus/metric_family.h>

#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/instruments.hpp"

namespace scalemart {

/// Names, order and help of a metric. Labels never carry user or order ids.
struct MetricName {
  std::string name;
  std::string help;
  std::vector<std::string> labels;
};

/// Purpose: finds or makes the series of a label combination.
/// Concurrency: every call from any thread, under a lock; the hot path keeps the reference it got, which
/// stays good as long as the family (until remove(), for gauges). Limits: past kSeriesMax combinations
/// everything else shares one series labelled "other".
template <class Instrument>
class Family {
 public:
  static constexpr std::size_t kSeriesMax = 4000;

  explicit Family(MetricName name) : name_(std::move(name)) {}
  /// As many values as the metric has labels.
  [[nodiscard]] Instrument& at(std::initializer_list<std::string_view> values);
  /// Forgets a series: a product that is gone. Nobody may still hold its reference.
  void remove(std::initializer_list<std::string_view> values);
  [[nodiscard]] const MetricName& name() const { return name_; }
  [[nodiscard]] prometheus::MetricFamily collect() const;

 private:
  struct Series {
    std::vector<std::string> values;
    std::unique_ptr<Instrument> instrument;
  };
  MetricName name_;
  mutable std::mutex mutex_;
  std::vector<Series> series_;
};

extern template class Family<Counter>;
extern template class Family<Gauge>;
extern template class Family<Histogram>;

}  // namespace scalemart
