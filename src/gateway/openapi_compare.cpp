// Where the API document and the routes disagree.
#include <algorithm>

#include "gateway/openapi.hpp"

namespace scalemart {

std::vector<std::string> ApiDocument::differences(const Routes& routes) const {
  std::vector<std::string> out;
  for (const auto& operation : operations_) {
    const auto found =
        std::find_if(routes.begin(), routes.end(), [&](const Route& r) { return r.operation_id == operation.id; });
    const std::string name = operation.id + " (" + operation.method + " " + operation.path + ")";
    if (found == routes.end()) {
      out.push_back(name + " is in the document but is not served");
      continue;
    }
    if (to_text(found->method) != operation.method || found->path != operation.path)
      out.push_back(name + " is served as " + std::string(to_text(found->method)) + " " + found->path);
    // Open in the document and for operators in the router: a token does not help, only the network.
    const std::string served =
        found->access == Access::operator_ && operation.access == "open" ? "open" : std::string(to_text(found->access));
    if (served != operation.access)
      out.push_back(name + ": access is " + operation.access + " in the document, " + served + " in the router");
    if (found->policy != operation.policy)
      out.push_back(name + ": rate limit is '" + operation.policy + "' in the document, '" + found->policy +
                    "' in the router");
    if ((found->body != Body::none) != operation.has_json_body)
      out.push_back(name +
                    (operation.has_json_body ? ": the router ignores its body" : ": the document has no body for it"));
  }
  for (const auto& route : routes)
    if (route.is_documented && !find(route.operation_id))
      out.push_back(route.operation_id + " (" + std::string(to_text(route.method)) + " " + route.path +
                    ") is served but not in the document");
  return out;
}

std::string_view to_text(Access access) {
  switch (access) {
    case Access::open:
      return "open";
    case Access::buyer:
      return "buyer";
    case Access::admin:
      return "admin";
    case Access::operator_:
      return "operator";
  }
  return "?";
}

}  // namespace scalemart
