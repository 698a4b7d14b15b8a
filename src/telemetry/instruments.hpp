#pragma once
// Counters, gauges and histograms for the hot path: a few nanoseconds each, from any thread.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "telemetry/log_linear.hpp"

namespace scalemart {

/// Threads are dealt out over this many cells, each on its own cache lines; reading adds them up.
inline constexpr std::size_t kMetricShards = 8;
/// This thread's cell: dealt out in order of first use.
[[nodiscard]] std::size_t metric_shard() noexcept;

/// Only grows. Concurrency: add() from any thread, relaxed; value() is a sum that may be a moment old.
class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept { cells_[metric_shard()].n.fetch_add(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const noexcept;

 private:
  struct alignas(64) Cell {
    std::atomic<std::uint64_t> n{0};
  };
  Cell cells_[kMetricShards];
};

/// A level. Either set() by one owner or add()ed to by many; not both.
class Gauge {
 public:
  void set(double value) noexcept { value_.store(value, std::memory_order_relaxed); }
  void add(double delta) noexcept { value_.fetch_add(delta, std::memory_order_relaxed); }
  [[nodiscard]] double value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0.0};
};

/// Everything a histogram has counted so far.
struct HistogramCounts {
  log_linear::Counts counts{};
  double sum = 0.0;  ///< In the metric's base unit.
  [[nodiscard]] std::uint64_t total() const noexcept;
  /// What happened between an earlier state and this one.
  [[nodiscard]] HistogramCounts since(const HistogramCounts& earlier) const noexcept;
};

/// Purpose: distribution of durations (1 microsecond to 67 s) or of sizes (1 to 67 million), log-linear, good
/// for p99.9 and for Prometheus alike.
/// Concurrency: record() from any thread, two relaxed additions on this thread's cell.
class Histogram {
 public:
  enum class Unit : std::uint8_t { seconds, items };
  explicit Histogram(Unit unit) : unit_(unit) {}

  void record(std::chrono::nanoseconds took) noexcept {
    const auto ns = took.count() > 0 ? static_cast<std::uint64_t>(took.count()) : 0;
    put((ns + 999) / 1000, ns);
  }
  void record_items(std::uint64_t n) noexcept { put(n, n); }

  [[nodiscard]] Unit unit() const noexcept { return unit_; }
  [[nodiscard]] HistogramCounts read() const noexcept;
  /// In the base unit: seconds or items.
  [[nodiscard]] double in_base_unit(std::uint64_t bucket_value) const noexcept {
    return unit_ == Unit::seconds ? static_cast<double>(bucket_value) / 1e6 : static_cast<double>(bucket_value);
  }

 private:
  struct alignas(64) Cell {
    std::atomic<std::uint64_t> sum{0};
    std::atomic<std::uint64_t> counts[log_linear::kBuckets]{};
  };
  void put(std::uint64_t units, std::uint64_t sum) noexcept {
    Cell& cell = cells_[metric_shard()];
    cell.sum.fetch_add(sum, std::memory_order_relaxed);
    cell.counts[log_linear::bucket_of(units)].fetch_add(1, std::memory_order_relaxed);
  }
  Unit unit_;
  Cell cells_[kMetricShards];
};

}  // namespace scalemart
