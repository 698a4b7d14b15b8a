#pragma once
// What the kernel says about this process, under Prometheus's usual names.

#include <prometheus/metric_family.h>

#include <cstdint>
#include <vector>

namespace scalemart {

struct ProcessStats {
  double resident_bytes = 0;
  double cpu_seconds = 0;
  double open_fds = 0;
  double start_time_seconds = 0;  ///< Since 1970.
};

/// Reads /proc/self; what cannot be read is 0.
[[nodiscard]] ProcessStats read_process_stats();
[[nodiscard]] std::vector<prometheus::MetricFamily> collect_process_stats();

}  // namespace scalemart
