#include "telemetry/process_stats.hpp"

#include <dirent.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace scalemart {
namespace {

std::string read_all(const char* path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Fields of /proc/self/stat from the third on; the second, the program's name, may hold blanks.
std::vector<double> stat_fields() {
  const std::string text = read_all("/proc/self/stat");
  const auto name_end = text.rfind(')');
  std::vector<double> fields;
  if (name_end == std::string::npos) return fields;
  std::istringstream in(text.substr(name_end + 1));
  std::string word;
  while (in >> word) fields.push_back(std::strtod(word.c_str(), nullptr));
  return fields;
}

double boot_time() {
  std::istringstream in(read_all("/proc/stat"));
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("btime ")) return std::strtod(line.c_str() + 6, nullptr);
  }
  return 0;
}

double count_open_fds() {
  DIR* dir = opendir("/proc/self/fd");
  if (dir == nullptr) return 0;
  double n = 0;
  while (readdir(dir) != nullptr) ++n;
  closedir(dir);
  return n - 3;  // ".", ".." and the listing's own descriptor
}

}  // namespace

ProcessStats read_process_stats() {
  ProcessStats out;
  const auto fields = stat_fields();
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  if (fields.size() > 21) {
    out.cpu_seconds = (fields[11] + fields[12]) / ticks;  // utime, stime: fields 14 and 15 of proc(5)
    out.start_time_seconds = boot_time() + fields[19] / ticks;
    out.resident_bytes = fields[21] * static_cast<double>(sysconf(_SC_PAGESIZE));
  }
  out.open_fds = count_open_fds();
  return out;
}

std::vector<prometheus::MetricFamily> collect_process_stats() {
  const ProcessStats stats = read_process_stats();
  std::vector<prometheus::MetricFamily> out;
  const auto add = [&](const char* name, const char* help, prometheus::MetricType type, double value) {
    prometheus::ClientMetric metric;
    (type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    out.push_back({name, help, type, {metric}});
  };
  using prometheus::MetricType;
  add("process_resident_memory_bytes", "Memory that is resident.", MetricType::Gauge, stats.resident_bytes);
  add("process_cpu_seconds_total", "User and system time used.", MetricType::Counter, stats.cpu_seconds);
  add("process_open_fds", "Open file descriptors.", MetricType::Gauge, stats.open_fds);
  add("process_start_time_seconds", "When the process began, in seconds since 1970.", MetricType::Gauge,
      stats.start_time_seconds);
  return out;
}

}  // namespace scalemart
