#include "app/rehearse/machine.hpp"

#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <fstream>
#include <string>
#include <thread>

namespace scalemart::rehearse {
namespace {

boost::json::value processor() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return boost::json::value(line.substr(colon + 2));
  }
  return nullptr;
}

}  // namespace

boost::json::object machine_json() {
  boost::json::object out{{"system", nullptr}, {"cpu", processor()}, {"cpus", std::thread::hardware_concurrency()}};
  if (utsname name{}; uname(&name) == 0)
    out["system"] = std::string(name.sysname) + " " + name.release + " " + name.machine;
  if (struct sysinfo memory{}; sysinfo(&memory) == 0)
    out["memory_bytes"] = std::uint64_t{memory.totalram} * memory.mem_unit;
  else
    out["memory_bytes"] = nullptr;
  return out;
}

}  // namespace scalemart::rehearse
