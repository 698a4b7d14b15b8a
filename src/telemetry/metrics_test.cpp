#include "telemetry/metrics.hpp"

#include <gtest/gtest.h>

#include <rapidcheck.h>
#include <fstream>
#include <sstream>
#include <thread>

namespace scalemart {
namespace {

using namespace std::chrono_literals;

TEST(LogLinear, EveryBoundOfTheExpositionIsABucketBound) {
  for (std::uint64_t bound = 10; bound < (1U << 26); bound *= 2) {
    EXPECT_EQ(log_linear::upper_bound_of(log_linear::bucket_of(bound)), bound);
  }
  for (std::uint64_t bound = 1; bound <= 65536; bound *= 2) {
    EXPECT_EQ(log_linear::upper_bound_of(log_linear::bucket_of(bound)), bound);
  }
}

TEST(LogLinear, ValueLiesInItsBucketWithinOneSixteenth) {
  EXPECT_TRUE(rc::check([] {
    const auto value = *rc::gen::inRange<std::uint64_t>(1, 1U << 26);
    const auto upper = log_linear::upper_bound_of(log_linear::bucket_of(value));
    RC_ASSERT(upper >= value);
    RC_ASSERT(static_cast<double>(upper) <= static_cast<double>(value) * (1.0 + 1.0 / 16) + 1);
    const auto bucket = log_linear::bucket_of(value);
    if (bucket > 0) RC_ASSERT(log_linear::upper_bound_of(bucket - 1) < value);
  }));
}

TEST(LogLinear, HugeValuesCountInTheLastBucket) {
  EXPECT_EQ(log_linear::bucket_of(~std::uint64_t{0}), log_linear::kBuckets - 1);
  EXPECT_EQ(log_linear::bucket_of(0), 0U);
}

TEST(Histogram, QuantilesOfAKnownDistribution) {
  Histogram histogram(Histogram::Unit::seconds);
  for (int i = 1; i <= 10'000; ++i) histogram.record(std::chrono::microseconds(i));
  const auto p = percentiles(histogram.read(), 1e-6);
  EXPECT_EQ(p.count, 10'000U);
  EXPECT_NEAR(p.p50, 0.005, 0.005 / 16);
  EXPECT_NEAR(p.p99, 0.0099, 0.0099 / 16);
  EXPECT_NEAR(p.mean, 0.0050005, 1e-9);
}

TEST(Histogram, NegativeDurationCountsAsNone) {
  Histogram histogram(Histogram::Unit::seconds);
  histogram.record(-5ms);
  EXPECT_EQ(histogram.read().counts[0], 1U);
  EXPECT_EQ(histogram.read().sum, 0.0);
}

TEST(Counter, SumsOverThreads) {
  Counter counter;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) counter.add();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), 40'000U);
}

TEST(Family, SameLabelsAreTheSameSeries) {
  Family<Counter> family({"x_total", "X.", {"a", "b"}});
  EXPECT_EQ(&family.at({"1", "2"}), &family.at({"1", "2"}));
  EXPECT_NE(&family.at({"1", "2"}), &family.at({"2", "1"}));
}

TEST(Family, PastTheLimitEverythingElseIsOther) {
  Family<Gauge> family({"x", "X.", {"product"}});
  for (std::size_t i = 0; i < Family<Gauge>::kSeriesMax; ++i) (void)family.at({std::to_string(i)});
  EXPECT_EQ(&family.at({"one more"}), &family.at({"and another"}));
  EXPECT_EQ(family.collect().metric.size(), Family<Gauge>::kSeriesMax + 1);
  family.remove({"7"});
  EXPECT_EQ(family.collect().metric.size(), Family<Gauge>::kSeriesMax);
}

TEST(Metrics, RenderShowsExactCumulativeBuckets) {
  Metrics metrics;
  metrics.buy_duration.record(10us);
  metrics.buy_duration.record(11us);
  metrics.buy_duration.record(90s);
  const auto text = metrics.render();
  EXPECT_NE(text.find("scalemart_buy_duration_seconds_bucket{le=\"1e-05\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("scalemart_buy_duration_seconds_bucket{le=\"2e-05\"} 2\n"), std::string::npos);
  EXPECT_NE(text.find("scalemart_buy_duration_seconds_bucket{le=\"41.94304\"} 2\n"), std::string::npos);
  EXPECT_NE(text.find("scalemart_buy_duration_seconds_bucket{le=\"+Inf\"} 3\n"), std::string::npos);
  EXPECT_NE(text.find("scalemart_buy_duration_seconds_count 3\n"), std::string::npos);
}

TEST(Metrics, RouteCountsByStatusAndOncePerRoute) {
  Metrics metrics;
  auto& route = metrics.route("/api/orders/{id}", "GET");
  EXPECT_EQ(&route, &metrics.route("/api/orders/{id}", "GET"));
  route.answered(200, 1ms);
  route.answered(200, 1ms);
  route.answered(404, 1ms);
  route.answered(7, 1ms);  // not a status: timed, not counted by status
  EXPECT_EQ(metrics.http_requests_total.at({"/api/orders/{id}", "GET", "200"}).value(), 2U);
  EXPECT_EQ(metrics.http_requests_total.at({"/api/orders/{id}", "GET", "404"}).value(), 1U);
  EXPECT_EQ(metrics.http_requests.value(), 4U);
}

TEST(Metrics, RefreshRunsBeforeEachScrapeUntilItsHandleIsGone) {
  Metrics metrics;
  int calls = 0;
  auto handle = metrics.before_collect([&] { metrics.open_connections.set(++calls); });
  EXPECT_NE(metrics.render().find("scalemart_connections 1\n"), std::string::npos);
  handle.reset();
  (void)metrics.render();
  EXPECT_EQ(calls, 1);
}

TEST(Metrics, WindowGivesRatesAndPercentilesOfTheLastSecondsOnly) {
  Metrics metrics;
  ManualClock clock;
  EXPECT_EQ(metrics.window().seconds, 0.0);
  auto& done = metrics.buys_total.at({"done"});
  metrics.tick(clock.steady());
  for (int second = 0; second < 100; ++second) {
    const bool late = second >= 90;
    done.add(late ? 500 : 10);
    for (int i = 0; i < 10; ++i) metrics.buy_duration.record(late ? 2ms : 800ms);
    clock.advance(1s);
    metrics.tick(clock.steady());
  }
  const auto view = metrics.window(10);
  EXPECT_NEAR(view.seconds, 10.0, 1e-9);
  EXPECT_NEAR(view.buys_per_second_of("done"), 500.0, 1e-6);
  EXPECT_EQ(view.buys_per_second_of("out_of_stock"), 0.0);
  EXPECT_EQ(view.buy_seconds.count, 100U);
  EXPECT_NEAR(view.buy_seconds.p99, 0.002, 0.0002);
  EXPECT_NEAR(metrics.window(1000).seconds, kWindowSeconds, 1e-9);
}

// One line a metric: name, type, labels. A change here is a change of what operators rely on.
TEST(Metrics, NamesTypesAndLabelsAreTheGoldenList) {
  Metrics metrics;
  const auto touch = [](auto& family) {
    switch (family.name().labels.size()) {
      case 0:
        (void)family.at({});
        break;
      case 1:
        (void)family.at({"x"});
        break;
      case 2:
        (void)family.at({"x", "y"});
        break;
      default:
        (void)family.at({"x", "y", "z"});
        break;
    }
  };
  touch(metrics.buys_total), touch(metrics.stock_units), touch(metrics.queue_depth);
  touch(metrics.queue_oldest_age_seconds), touch(metrics.fulfilment_duration_seconds);
  touch(metrics.fulfilment_attempts_total), touch(metrics.rate_limited_total);
  touch(metrics.http_requests_total), touch(metrics.http_request_duration_seconds);
  touch(metrics.breaker_state), touch(metrics.workers), touch(metrics.notices_total), touch(metrics.webhook_endpoints),
      touch(metrics.ready), touch(metrics.worker_concurrency), touch(metrics.build_info);
  std::ostringstream listed;
  for (const auto& family : metrics.Collect()) {
    const char* type = family.type == prometheus::MetricType::Counter     ? "counter"
                       : family.type == prometheus::MetricType::Histogram ? "histogram"
                                                                          : "gauge";
    ASSERT_FALSE(family.metric.empty()) << family.name << " has no series: touch it above";
    EXPECT_FALSE(family.help.empty()) << family.name;
    listed << family.name << ' ' << type;
    for (const auto& label : family.metric.front().label) listed << ' ' << label.name;
    listed << '\n';
  }
  std::ifstream file(SCALEMART_SOURCE_DIR "/tests/golden/metrics.txt");
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(listed.str(), golden);
}

TEST(Metrics, ProcessMetricsAreReal) {
  const auto text = Metrics().render();
  for (const char* name : {"process_resident_memory_bytes ", "process_open_fds ", "process_start_time_seconds "}) {
    const auto at = text.find(std::string("\n") + name);
    ASSERT_NE(at, std::string::npos) << name;
    EXPECT_GT(std::strtod(text.c_str() + at + 1 + std::string_view(name).size(), nullptr), 0.0) << name;
  }
}

}  // namespace
}  // namespace scalemart
