#include "telemetry/metrics.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <sstream>

#include "telemetry/process_stats.hpp"

namespace scalemart {

RouteMetrics::RouteMetrics(Family<Counter>& requests, Histogram& duration, Counter& all, std::string route,
                           std::string method)
    : requests_(requests), duration_(duration), all_(all), route_(std::move(route)), method_(std::move(method)) {}

Counter& RouteMetrics::first_of(int status) noexcept {
  Counter& counter = requests_.at({route_, method_, std::to_string(status)});
  by_status_[static_cast<std::size_t>(status - 100)].store(&counter, std::memory_order_release);
  return counter;
}

Metrics::Metrics()
    : buys_total({"scalemart_buys_total", "Buys answered, by outcome.", {"outcome"}}),
      buy_duration_seconds({"scalemart_buy_duration_seconds", "From a buy's arrival to its answer.", {}}),
      stock_units({"scalemart_stock_units", "Units of a product, by where they are.", {"product", "state"}}),
      ledger_drift_units({"scalemart_ledger_drift_units", "Units by which stock and records differ; must be 0.", {}}),
      commit_batch_size({"scalemart_commit_batch_size", "Records made durable by one commit.", {}}),
      commit_duration_seconds({"scalemart_commit_duration_seconds", "Time of one durable commit.", {}}),
      queue_depth({"scalemart_queue_depth", "Entries waiting, by stage.", {"stage"}}),
      queue_oldest_age_seconds(
          {"scalemart_queue_oldest_age_seconds", "Age of the oldest entry waiting, by stage.", {"stage"}}),
      fulfilment_duration_seconds({"scalemart_fulfilment_duration_seconds", "Time of one fulfilment step.", {"stage"}}),
      fulfilment_attempts_total(
          {"scalemart_fulfilment_attempts_total", "Attempts at fulfilment steps, by result.", {"stage", "result"}}),
      dead_letters({"scalemart_dead_letters", "Orders parked after repeated failure.", {}}),
      rate_limited_total({"scalemart_rate_limited_total", "Requests refused by a rate limit.", {"policy"}}),
      http_requests_total({"scalemart_http_requests_total", "HTTP answers.", {"route", "method", "status"}}),
      http_request_duration_seconds(
          {"scalemart_http_request_duration_seconds", "From a request's arrival to its answer.", {"route"}}),
      connections({"scalemart_connections", "Open client connections.", {}}),
      breaker_state({"scalemart_breaker_state", "Circuit breakers: 0 closed, 1 half open, 2 open.", {"dependency"}}),
      workers({"scalemart_workers", "Workers that are there, by where they run.", {"place"}}),
      ready({"scalemart_ready", "Whether this process may take sales, as /readyz says: 1 or 0.", {}}),
      notices_total({"scalemart_notices_total",
                     "Attempts to tell others of orders and stock, by result; dead: given up.",
                     {"receiver", "result"}}),
      webhook_endpoints({"scalemart_webhook_endpoints", "Webhook endpoints, by state.", {"state"}}),
      worker_concurrency({"scalemart_worker_concurrency",
                          "Orders that workers have in hand at most, now, by where they run.",
                          {"place"}}),
      build_info({"scalemart_build_info", "What is running; always 1.", {"version", "revision", "compiler"}}),
      buy_duration(buy_duration_seconds.at({})),
      drift(ledger_drift_units.at({})),
      batch_size(commit_batch_size.at({})),
      commit_duration(commit_duration_seconds.at({})),
      dead_letter_count(dead_letters.at({})),
      open_connections(connections.at({})) {}

RouteMetrics& Metrics::route(std::string_view route, std::string_view method) {
  const std::lock_guard guard(mutex_);
  for (const Route& known : routes_) {
    if (known.route == route && known.method == method) return *known.metrics;
  }
  auto made = std::make_unique<RouteMetrics>(http_requests_total, http_request_duration_seconds.at({route}),
                                             http_requests, std::string(route), std::string(method));
  routes_.push_back({std::string(route), std::string(method), std::move(made)});
  return *routes_.back().metrics;
}

std::shared_ptr<void> Metrics::before_collect(std::function<void()> refresh) {
  auto handle = std::make_shared<std::function<void()>>(std::move(refresh));
  const std::lock_guard guard(mutex_);
  std::erase_if(refreshers_, [](const auto& weak) { return weak.expired(); });
  refreshers_.push_back(handle);
  return handle;
}

std::vector<prometheus::MetricFamily> Metrics::Collect() const {
  std::vector<std::shared_ptr<std::function<void()>>> refreshers;
  {
    const std::lock_guard guard(mutex_);
    for (const auto& weak : refreshers_) {
      if (auto handle = weak.lock()) refreshers.push_back(std::move(handle));
    }
  }
  for (const auto& refresh : refreshers) (*refresh)();

  std::vector<prometheus::MetricFamily> out{buys_total.collect(),
                                            buy_duration_seconds.collect(),
                                            stock_units.collect(),
                                            ledger_drift_units.collect(),
                                            commit_batch_size.collect(),
                                            commit_duration_seconds.collect(),
                                            queue_depth.collect(),
                                            queue_oldest_age_seconds.collect(),
                                            fulfilment_duration_seconds.collect(),
                                            fulfilment_attempts_total.collect(),
                                            dead_letters.collect(),
                                            rate_limited_total.collect(),
                                            http_requests_total.collect(),
                                            http_request_duration_seconds.collect(),
                                            connections.collect(),
                                            breaker_state.collect(),
                                            workers.collect(),
                                            ready.collect(),
                                            notices_total.collect(),
                                            webhook_endpoints.collect(),
                                            worker_concurrency.collect(),
                                            build_info.collect()};
  for (auto& family : collect_process_stats()) out.push_back(std::move(family));
  return out;
}

namespace {
std::string to_text(const std::vector<prometheus::MetricFamily>& families) {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return std::move(out).str();
}
}  // namespace

std::string Metrics::render() const {
  return to_text(Collect());
}

std::string Metrics::render_worker() const {
  std::vector<prometheus::MetricFamily> out{fulfilment_duration_seconds.collect(), fulfilment_attempts_total.collect(),
                                            ready.collect(), build_info.collect()};
  for (auto& family : collect_process_stats()) out.push_back(std::move(family));
  return to_text(out);
}

WindowSample Metrics::sample(SteadyTime now) {
  WindowSample out{.at = now,
                   .buys = {},
                   .http_requests = http_requests.value(),
                   .buy = buy_duration.read(),
                   .commit = commit_duration.read(),
                   .batch = batch_size.read()};
  for (const auto& metric : buys_total.collect().metric) {
    out.buys[metric.label.front().value] = static_cast<std::uint64_t>(metric.counter.value);
  }
  // Refused before it was a buy, and a refusal all the same to who watches the sale.
  out.buys["rate_limited"] = rate_limited_total.at({"flash_buy"}).value();
  return out;
}

void Metrics::tick(SteadyTime now) {
  history_.add(sample(now));
}

WindowView Metrics::window(unsigned seconds) const {
  return history_.view(seconds);
}

}  // namespace scalemart
