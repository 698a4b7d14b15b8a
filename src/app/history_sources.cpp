#include "app/history_sources.hpp"

#include <string>

namespace scalemart {
namespace {

using Read = std::function<std::int64_t()>;

class Sources {
 public:
  void count(std::string path, Read read) { add({std::move(path), HistoryMerge::sum, 1, false}, std::move(read)); }
  void count(std::string path, const Counter& counter, bool rare) {
    add({std::move(path), HistoryMerge::sum, 1, rare},
        [&counter] { return static_cast<std::int64_t>(counter.value()); });
  }
  void level(std::string path, HistoryMerge merge, Read read, double divisor = 1) {
    add({std::move(path), merge, divisor, false}, std::move(read));
  }
  /// Of a duration, kept in microseconds. Joined steps tell the worse quantile.
  void quantiles(const std::string& path, const Histogram& histogram, double divisor) {
    for (const auto& [name, q] : {std::pair(".p50", 0.5), std::pair(".p99", 0.99)})
      all.push_back({{path + name, HistoryMerge::most, divisor, false}, {}, &histogram, q});
  }

  std::vector<HistorySource> all;

 private:
  void add(HistoryColumn column, Read read) { all.push_back({std::move(column), std::move(read)}); }
};

template <class T>
std::int64_t whole(T value) {
  return static_cast<std::int64_t>(value);
}

void add_orders(Sources& sources, const SaleCounts& counts) {
  sources.count("accepted", [&counts] { return whole(counts.orders()); });
  sources.count("confirmed",
                [&counts] { return whole(counts.of(OrderStatus::confirmed) + counts.of(OrderStatus::refunded)); });
  for (int i = 0; i < kOrderStatusCount; ++i) {
    const auto status = static_cast<OrderStatus>(i);
    sources.level("orders." + std::string(to_text(status)), HistoryMerge::last,
                  [&counts, status] { return whole(counts.of(status)); });
  }
  sources.level("dead_letters", HistoryMerge::most, [&counts] { return whole(counts.parked()); });
}

void add_answers(Sources& sources, Metrics& metrics) {
  sources.count("replayed", metrics.buys_total.at({to_text(Outcome::replayed)}), false);
  for (int i = 0; i < kOutcomeCount; ++i) {
    const auto outcome = static_cast<Outcome>(i);
    if (!is_success(outcome))
      sources.count("refused." + std::string(to_text(outcome)), metrics.buys_total.at({to_text(outcome)}), true);
  }
  sources.count("refused.rate_limited", metrics.rate_limited_total.at({"flash_buy"}), true);
  sources.count("http_requests", metrics.http_requests, false);
  sources.quantiles("latency_ms", metrics.buy_duration, 1e3);
  sources.quantiles("commit_ms", metrics.commit_duration, 1e3);
}

/// How many workers there were, and what they had and could have in hand.
void add_workers(Sources& sources, FulfilmentDesk& fulfilment) {
  const auto add = [&](std::string name, std::function<std::int64_t(const WorkerView&)> read) {
    sources.level("workers." + std::move(name), HistoryMerge::most, [&fulfilment, read = std::move(read)] {
      std::int64_t sum = 0;
      for (const auto view = fulfilment.view(); const WorkerView& worker : view->workers) sum += read(worker);
      return sum;
    });
  };
  add("count", [](const WorkerView&) { return 1; });
  add("concurrency", [](const WorkerView& worker) { return whole(worker.concurrency); });
  add("in_flight", [](const WorkerView& worker) { return whole(worker.in_flight); });
}

void add_fulfilment(Sources& sources, const HistoryParts& parts) {
  for (int i = 0; i < kStepCount; ++i) {
    const std::string stage(to_text(static_cast<Step>(i)));
    const auto view = [&service = parts.fulfilment, i] {
      return service.view()->queue.stages[static_cast<std::size_t>(i)];
    };
    sources.level("queue." + stage + ".depth", HistoryMerge::most, [view] { return whole(view().depth()); });
    sources.level(
        "queue." + stage + ".oldest_age_seconds", HistoryMerge::most,
        [view, &clock = parts.clock] { return whole(view().age_seconds(clock.wall()) * 1e3); }, 1e3);
    for (int r = 0; r < kStepResultCount; ++r) {
      const std::string_view result = to_text(static_cast<FinishedStep::Result>(r));
      sources.count("fulfilment." + stage + "." + std::string(result),
                    parts.metrics.fulfilment_attempts_total.at({stage, result}), false);
    }
    sources.quantiles("fulfilment." + stage + ".seconds", parts.metrics.fulfilment_duration_seconds.at({stage}), 1e6);
  }
}

}  // namespace

std::vector<HistorySource> history_sources(const HistoryParts& parts) {
  Sources sources;
  add_orders(sources, parts.engine.counts());
  add_answers(sources, parts.metrics);
  add_fulfilment(sources, parts);
  add_workers(sources, parts.fulfilment);
  sources.level("waiting_buys", HistoryMerge::most, [&engine = parts.engine] { return whole(engine.load().buys); });
  sources.level("connections", HistoryMerge::most, [read = parts.connections] { return whole(read()); });
  sources.level("drift", HistoryMerge::farthest, [&engine = parts.engine] { return engine.drift(); });
  return std::move(sources.all);
}

std::vector<HistoryColumn> columns_of(const std::vector<HistorySource>& sources) {
  std::vector<HistoryColumn> columns;
  for (const HistorySource& source : sources) columns.push_back(source.column);
  return columns;
}

}  // namespace scalemart
