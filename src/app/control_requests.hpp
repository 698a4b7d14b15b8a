#pragma once
// The routes of the control socket (see app/operations.hpp) over any Operations.

#include <optional>
#include <string>

#include "app/operations.hpp"

namespace scalemart {

struct ControlRequest {
  std::string method;
  std::string target;
  std::string body;
};
struct ControlAnswer {
  int status = 200;
  std::string body;  ///< JSON; empty for 204.
};

/// The one request whose answer is not JSON; nothing: it is another one (or not valid, then carry_out says
/// so).
[[nodiscard]] std::optional<SeedUsers> seed_request(const ControlRequest& request);
[[nodiscard]] ControlAnswer carry_out(Operations& operations, const ControlRequest& request);

}  // namespace scalemart
