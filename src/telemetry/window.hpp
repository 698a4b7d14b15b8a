#pragma once
// The last seconds, from cumulative numbers: rates, and percentiles of just that time.

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "telemetry/instruments.hpp"

namespace scalemart {

inline constexpr std::size_t kWindowSeconds = 60;

/// Cumulative numbers at one moment.
struct WindowSample {
  SteadyTime at{};
  std::map<std::string, std::uint64_t, std::less<>> buys;  ///< By outcome.
  std::uint64_t http_requests = 0;
  HistogramCounts buy;
  HistogramCounts commit;
  HistogramCounts batch;
};

struct Percentiles {
  double p50 = 0, p90 = 0, p99 = 0, p999 = 0, mean = 0;  ///< In the base unit.
  std::uint64_t count = 0;
};
[[nodiscard]] Percentiles percentiles(const HistogramCounts& counts, double unit);

struct WindowView {
  double seconds = 0;  ///< How much time this covers; 0: nothing known yet.
  double http_per_second = 0;
  std::map<std::string, double, std::less<>> buys_per_second;  ///< By outcome.
  Percentiles buy_seconds;
  Percentiles commit_seconds;
  Percentiles batch_size;
  [[nodiscard]] double buys_per_second_of(std::string_view outcome) const;
};

/// A ring of samples, the newest kWindowSeconds + 1. Thread-safe.
class WindowHistory {
 public:
  void add(WindowSample sample);
  /// From the sample about `seconds` before the newest to the newest.
  [[nodiscard]] WindowView view(unsigned seconds) const;

 private:
  mutable std::mutex mutex_;
  std::vector<WindowSample> ring_ = std::vector<WindowSample>(kWindowSeconds + 1);
  std::size_t next_ = 0;
  std::size_t filled_ = 0;
};

}  // namespace scalemart
