#pragma once
// Which operation a path means.
//
// Purpose: the routing table, built once at start; matching walks the path's segments down a tree of
// literals and parameters, without regular expressions or allocation. A literal wins over a parameter, a parameter
// over the "*" at the end of a path, which stands for whatever follows (also nothing: "/a/*" serves "/a/").
// Concurrency: immutable after build(), so thread-safe.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admission/policy.hpp"
#include "base/result.hpp"
#include "gateway/route.hpp"

namespace scalemart {

inline constexpr std::size_t kPathParametersMax = 4;
inline constexpr std::size_t kPathSegmentsMax = 16;

/// What the gateway adds to a route at start.
struct RouteEntry {
  Route route;
  std::size_t index = 0;             ///< Dense; for tables of metrics.
  std::optional<PolicyId> policy;    ///< Of route.policy.
  std::size_t operation = SIZE_MAX;  ///< Of the API document, for schemas; SIZE_MAX: none.
};

struct RouteMatch {
  const RouteEntry* entry = nullptr;  ///< nullptr: see allow.
  std::string_view allow;             ///< The path exists, with these methods. Empty: it does not.
  std::array<std::string_view, kPathParametersMax> parameters;  ///< As in the path, still encoded.
  std::size_t parameter_count = 0;
};

class Router {
 public:
  /// Errors: two routes for one method and path, a malformed template, an unknown policy.
  [[nodiscard]] static Result<Router> build(Routes routes);
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;
  ~Router();

  /// HEAD falls back to GET.
  [[nodiscard]] RouteMatch match(Method method, std::string_view path) const;
  [[nodiscard]] const std::vector<std::unique_ptr<RouteEntry>>& entries() const { return entries_; }
  [[nodiscard]] std::vector<std::unique_ptr<RouteEntry>>& entries() { return entries_; }

 private:
  struct Node;
  Router();
  [[nodiscard]] Result<void> add(RouteEntry& entry);
  [[nodiscard]] static const Node* walk(const Node& node, std::string_view rest, RouteMatch& match);
  [[nodiscard]] static const Node* below(const Node& node, std::string_view rest, RouteMatch& match);

  std::vector<std::unique_ptr<RouteEntry>> entries_;
  std::unique_ptr<Node> root_;
};

}  // namespace scalemart
