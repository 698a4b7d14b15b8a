#pragma once
// One row of the routing table: an operation, who may call it, under which limit, and what does it.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gateway/exchange.hpp"

namespace scalemart {

enum class Access : std::uint8_t {
  open,      ///< Anybody.
  buyer,     ///< A valid token.
  admin,     ///< A valid token of an administrator, checked with the store.
  operator_  ///< The operations network, or an administrator.
};
[[nodiscard]] std::string_view to_text(Access access);

enum class Body : std::uint8_t {
  none,  ///< A body is read and ignored.
  json,  ///< Parsed, and valid under the operation's schema in api/openapi.json.
  own    ///< The handler parses body() itself; a test shows that it decides as the schema does.
};

using Handler = std::function<void(Exchange&)>;

struct Route {
  Method method = Method::get;
  std::string path;          ///< "/api/orders/{id}", "/admin/*"; see router.hpp.
  std::string operation_id;  ///< As in api/openapi.json; also the route's name in metrics.
  Access access = Access::buyer;
  std::string policy = "default";  ///< Rate limit; empty: none (health checks).
  Body body = Body::none;
  Handler handler;
  bool is_documented = true;  ///< False: pages and files that are not part of the API.
};

using Routes = std::vector<Route>;

}  // namespace scalemart
