#include "telemetry/family.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace scalemart {
namespace {

// The names of histograms say their unit: *_seconds or a size.
std::unique_ptr<Histogram> make(const MetricName& name, Histogram*) {
  return std::make_unique<Histogram>(name.name.ends_with("_seconds") ? Histogram::Unit::seconds
                                                                     : Histogram::Unit::items);
}
template <class T>
std::unique_ptr<T> make(const MetricName&, T*) {
  return std::make_unique<T>();
}

prometheus::MetricType type_of(const Counter*) {
  return prometheus::MetricType::Counter;
}
prometheus::MetricType type_of(const Gauge*) {
  return prometheus::MetricType::Gauge;
}
prometheus::MetricType type_of(const Histogram*) {
  return prometheus::MetricType::Histogram;
}

void put(prometheus::ClientMetric& out, const Counter& counter) {
  out.counter.value = static_cast<double>(counter.value());
}
void put(prometheus::ClientMetric& out, const Gauge& gauge) {
  out.gauge.value = gauge.value();
}

// Bounds double, from 10 microseconds to 84 s or from 1 to 65,536 items: each is a bound of log_linear too,
// so the cumulative counts are exact.
void put(prometheus::ClientMetric& out, const Histogram& histogram) {
  const HistogramCounts read = histogram.read();
  const bool seconds = histogram.unit() == Histogram::Unit::seconds;
  std::uint64_t bound = seconds ? 10 : 1;
  std::uint64_t cumulative = 0;
  std::size_t bucket = 0;
  for (int i = 0; i < (seconds ? 23 : 17); ++i, bound *= 2) {
    while (bucket < log_linear::kBuckets && log_linear::upper_bound_of(bucket) <= bound) {
      cumulative += read.counts[bucket++];
    }
    out.histogram.bucket.push_back({cumulative, histogram.in_base_unit(bound)});
  }
  out.histogram.sample_count = read.total();
  out.histogram.sample_sum = read.sum;
}

}  // namespace

template <class Instrument>
Instrument& Family<Instrument>::at(std::initializer_list<std::string_view> values) {
  SCALEMART_CHECK(values.size() == name_.labels.size());
  const std::lock_guard guard(mutex_);
  std::vector<std::string> wanted(values.begin(), values.end());
  const auto find = [&] {
    return std::find_if(series_.begin(), series_.end(), [&](const Series& s) { return s.values == wanted; });
  };
  auto found = find();
  if (found == series_.end() && series_.size() >= kSeriesMax) {
    wanted.assign(values.size(), "other");
    found = find();
  }
  if (found != series_.end()) return *found->instrument;
  series_.push_back({std::move(wanted), make(name_, static_cast<Instrument*>(nullptr))});
  return *series_.back().instrument;
}

template <class Instrument>
void Family<Instrument>::remove(std::initializer_list<std::string_view> values) {
  const std::lock_guard guard(mutex_);
  std::erase_if(series_, [&](const Series& s) {
    return std::equal(s.values.begin(), s.values.end(), values.begin(), values.end());
  });
}

template <class Instrument>
prometheus::MetricFamily Family<Instrument>::collect() const {
  prometheus::MetricFamily out{name_.name, name_.help, type_of(static_cast<Instrument*>(nullptr)), {}};
  const std::lock_guard guard(mutex_);
  out.metric.reserve(series_.size());
  for (const Series& series : series_) {
    prometheus::ClientMetric& metric = out.metric.emplace_back();
    for (std::size_t i = 0; i < series.values.size(); ++i) {
      metric.label.push_back({name_.labels[i], series.values[i]});
    }
    put(metric, *series.instrument);
  }
  return out;
}

template class Family<Counter>;
template class Family<Gauge>;
template class Family<Histogram>;

}  // namespace scalemart
