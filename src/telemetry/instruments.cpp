#include "telemetry/instruments.hpp"

#include <numeric>

namespace scalemart {

std::size_t metric_shard() noexcept {
  static std::atomic<std::size_t> next{0};
  thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed) % kMetricShards;
  return mine;
}

std::uint64_t Counter::value() const noexcept {
  std::uint64_t sum = 0;
  for (const Cell& cell : cells_) sum += cell.n.load(std::memory_order_relaxed);
  return sum;
}

std::uint64_t HistogramCounts::total() const noexcept {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

HistogramCounts HistogramCounts::since(const HistogramCounts& earlier) const noexcept {
  HistogramCounts out;
  for (std::size_t i = 0; i < counts.size(); ++i) out.counts[i] = counts[i] - earlier.counts[i];
  out.sum = sum - earlier.sum;
  return out;
}

HistogramCounts Histogram::read() const noexcept {
  HistogramCounts out;
  std::uint64_t sum = 0;
  for (const Cell& cell : cells_) {
    sum += cell.sum.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < log_linear::kBuckets; ++i) {
      out.counts[i] += cell.counts[i].load(std::memory_order_relaxed);
    }
  }
  out.sum = unit_ == Unit::seconds ? static_cast<double>(sum) * 1e-9 : static_cast<double>(sum);
  return out;
}

}  // namespace scalemart
