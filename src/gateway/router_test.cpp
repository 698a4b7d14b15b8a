#include "gateway/router.hpp"

#include <gtest/gtest.h>

namespace scalemart {
namespace {

Route route(Method method, std::string path, std::string id) {
  Route r;
  r.method = method;
  r.path = std::move(path);
  r.operation_id = std::move(id);
  r.handler = [](Exchange&) {};
  return r;
}

Router shop() {
  Routes routes;
  routes.push_back(route(Method::get, "/", "root"));
  routes.push_back(route(Method::get, "/api/orders", "list"));
  routes.push_back(route(Method::get, "/api/orders/{id}", "get"));
  routes.push_back(route(Method::post, "/api/orders/{id}/cancel", "cancel"));
  routes.push_back(route(Method::get, "/api/orders/by-key/{key}", "byKey"));
  routes.push_back(route(Method::get, "/api/orders/{id}/events", "events"));
  routes.push_back(route(Method::put, "/api/things/{id}", "put"));
  routes.push_back(route(Method::delete_, "/api/things/{id}", "delete"));
  return std::move(Router::build(std::move(routes)).value());
}

TEST(Router, FindsTheOperationOfAPath) {
  const Router router = shop();
  const auto found = [&](Method method, std::string_view path) {
    const RouteMatch m = router.match(method, path);
    std::string out = m.entry == nullptr ? "none" : m.entry->route.operation_id;
    for (std::size_t i = 0; i < m.parameter_count; ++i) out += " " + std::string(m.parameters[i]);
    return out;
  };
  EXPECT_EQ(found(Method::get, "/"), "root");
  EXPECT_EQ(found(Method::get, "/api/orders"), "list");
  EXPECT_EQ(found(Method::get, "/api/orders/42"), "get 42");
  EXPECT_EQ(found(Method::head, "/api/orders/42"), "get 42");
  EXPECT_EQ(found(Method::get, "/api/orders/by-key/k"), "byKey k");
  EXPECT_EQ(found(Method::get, "/api/orders/by-key"), "get by-key");
  EXPECT_EQ(found(Method::get, "/api/orders/by-key/events"), "byKey events") << "the literal wins";
  EXPECT_EQ(found(Method::get, "/api/orders/7/events"), "events 7");
  for (const char* path :
       {"", "/api", "/api/orders/", "/api/orders//events", "//", "/api/orders/1/2", "/api/orders/1/cancel/x"})
    EXPECT_EQ(found(Method::get, path), "none") << path;
}

TEST(Router, StarStandsForTheRestWhenNothingElseDoes) {
  Routes routes;
  routes.push_back(route(Method::get, "/admin", "console"));
  routes.push_back(route(Method::get, "/admin/*", "below"));
  routes.push_back(route(Method::get, "/admin/{x}/json", "json"));
  routes.push_back(route(Method::post, "/admin/fixed", "fixed"));
  const Router router = std::move(Router::build(std::move(routes)).value());
  const auto found = [&](Method method, std::string_view path) {
    const RouteMatch m = router.match(method, path);
    return m.entry == nullptr ? "none " + std::string(m.allow)
                              : m.entry->route.operation_id + " " + std::to_string(m.parameter_count);
  };
  EXPECT_EQ(found(Method::get, "/admin"), "console 0");
  EXPECT_EQ(found(Method::get, "/admin/"), "below 0");
  EXPECT_EQ(found(Method::head, "/admin/orders"), "below 0");
  EXPECT_EQ(found(Method::get, "/admin/orders/1/2/3"), "below 0") << "what was tried before leaves no parameter";
  EXPECT_EQ(found(Method::get, "/admin/orders/json"), "json 1");
  EXPECT_EQ(found(Method::post, "/admin/orders"), "none GET, HEAD");
  EXPECT_EQ(found(Method::get, "/admin/fixed"), "none POST") << "a path of its own, whatever its methods";
  EXPECT_EQ(found(Method::get, "/administration"), "none ");
}

TEST(Router, TellsWhatIsAllowedInstead) {
  const Router router = shop();
  EXPECT_EQ(router.match(Method::post, "/api/orders/1").allow, "GET, HEAD");
  EXPECT_EQ(router.match(Method::get, "/api/things/1").allow, "PUT, DELETE");
  EXPECT_EQ(router.match(Method::get, "/api/nothing").allow, "");
}

TEST(Router, RefusesTablesThatContradictThemselves) {
  const auto problem = [](Route a, Route b) {
    Routes routes;
    routes.push_back(std::move(a));
    routes.push_back(std::move(b));
    const auto built = Router::build(std::move(routes));
    return built ? std::string("none") : built.error().message;
  };
  EXPECT_NE(problem(route(Method::get, "/a/{x}", "a"), route(Method::get, "/a/{y}", "b")).find("twice"),
            std::string::npos);
  EXPECT_NE(problem(route(Method::get, "a", "a"), route(Method::get, "/b", "b")).find("begin with"), std::string::npos);
  Route bad = route(Method::get, "/a", "a");
  bad.policy = "nonsense";
  EXPECT_NE(problem(std::move(bad), route(Method::get, "/b", "b")).find("nonsense"), std::string::npos);
  EXPECT_EQ(problem(route(Method::get, "/a/{x}", "a"), route(Method::put, "/a/{y}", "b")), "none");
  EXPECT_NE(problem(route(Method::get, "/a/*/b", "a"), route(Method::get, "/b", "b")).find("nothing follows"),
            std::string::npos);
  EXPECT_NE(problem(route(Method::get, "/a/*", "a"), route(Method::get, "/a/*", "b")).find("twice"), std::string::npos);
}

}  // namespace
}  // namespace scalemart
