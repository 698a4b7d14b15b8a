#include "gateway/operations_routes.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace scalemart {
namespace {

Route route(std::string path, std::string operation, Access access, Handler handler) {
  return Route{Method::get, std::move(path), std::move(operation), access, "", Body::none, std::move(handler), true};
}

Response readiness(const std::vector<std::string>& reasons) {
  if (reasons.empty()) return json_ok(boost::json::object{{"ready", true}});
  boost::json::array list;
  for (const auto& reason : reasons) list.emplace_back(reason);
  return error(503, "unavailable", "This process takes no sales at the moment.",
               "\"reasons\":" + boost::json::serialize(list));
}

}  // namespace

Routes operations_routes(OperationsServices services) {
  Route stats = route("/api/admin/stats", "adminStats", Access::admin,
                      [render = services.stats](Exchange& x) { x.respond(json_ok(render())); });
  stats.policy = "default";
  return {
      std::move(stats),
      route("/healthz", "healthz", Access::open,
            [](Exchange& x) {
              x.respond(json_ok(boost::json::object{{"up", true}}));
            }),
      route("/readyz", "readyz", Access::open,
            [ready = services.not_ready](Exchange& x) { x.respond(readiness(ready())); }),
      route("/metrics", "metrics", Access::operator_,
            [metrics = services.metrics](Exchange& x) {
              Response response;
              response.content_type = "text/plain; version=0.0.4; charset=utf-8";
              response.body = metrics();
              x.respond(response);
            }),
  };
}

}  // namespace scalemart
