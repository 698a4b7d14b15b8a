#include "app/process_place.hpp"

#include <unistd.h>

#include <array>

#include "fulfilment/remote/frames.hpp"

namespace scalemart {

WorkerPlace process_place() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return {host.data(), static_cast<std::uint32_t>(::getpid()), true};
}

std::string process_name() {
  constexpr std::size_t kHostMax = 40;
  const WorkerPlace here = process_place();
  std::string name;
  for (const char c : here.host.substr(0, kHostMax)) name += is_worker_name(std::string(1, c)) ? c : '-';
  return (name.empty() ? "worker" : name) + "-" + std::to_string(here.pid);
}

}  // namespace scalemart
