#pragma once
// Listening sockets: of our own, one per loop on one port; or inherited, shared by all loops.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace scalemart {

struct Listeners {
  std::vector<std::vector<int>> of_loops;  ///< Non-blocking; the caller closes them.
  std::uint16_t port = 0;                  ///< Inherited sockets may have several: the first one's.
};

/// `address`: IPv4 or IPv6 in text; "::" listens on both. The error says what is wrong in one line.
/// SO_REUSEPORT spreads connections over the loops; that the port is free is asked without it, because with
/// it a second server would silently share the port.
[[nodiscard]] Result<Listeners> listen_on(const std::string& address, std::uint16_t port, std::size_t count);

/// Each loop gets every one of `sockets`. They are closed when one of them is no listening TCP socket.
[[nodiscard]] Result<Listeners> take_over(const std::vector<int>& sockets, std::size_t count);

}  // namespace scalemart
