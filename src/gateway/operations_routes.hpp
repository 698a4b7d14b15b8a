#pragma once
// Health, metrics and the pages that travel inside the program.

#include <boost/json/object.hpp>
#include <functional>
#include <string>
#include <vector>

#include "gateway/route.hpp"

namespace scalemart {

struct OperationsServices {
  /// Why the process may not take sales now; empty: it may.
  std::function<std::vector<std::string>()> not_ready;
  /// Prometheus text.
  std::function<std::string()> metrics;
  std::function<boost::json::object()> stats;
};

/// The services outlive the routes.
[[nodiscard]] Routes operations_routes(OperationsServices services);

}  // namespace scalemart
