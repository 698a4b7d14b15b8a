#include "app/process_place.hpp"

#include <unistd.h>

#include <array>

namespace scalemart {

WorkerPlace process_place() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return {host.data(), static_cast<std::uint32_t>(::getpid()), true};
}

}  // namespace scalemart
