#pragma once
// Listening sockets, one per loop on one port.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace scalemart {

struct Listeners {
  std::vector<int> fds;  ///< Non-blocking; the caller closes them.
  std::uint16_t port = 0;
};

/// `address`: IPv4 or IPv6 in text; "::" listens on both. The error says what is wrong in one line.
/// SO_REUSEPORT spreads connections over the loops; that the port is free is asked without it, because with
/// it a second server would silently share the port.
[[nodiscard]] Result<Listeners> listen_on(const std::string& address, std::uint16_t port, std::size_t count);

}  // namespace scalemart
