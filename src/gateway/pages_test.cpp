#include "gateway/pages.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "gateway/test_gateway.hpp"

namespace scalemart {
namespace {

using namespace testing;

/// Files whose content is their name.
class Site {
 public:
  explicit Site(std::initializer_list<const char*> names) {
    for (const char* name : names) {
      const std::string& text = names_.emplace_back(std::string("pages/") + name);
      files_.push_back({text, text.data(), text.data() + text.size()});
    }
  }
  [[nodiscard]] SitePages pages() const {
    auto made = site_pages(files_, api());
    if (!made) throw std::runtime_error(made.error().message);
    return std::move(*made);
  }
  [[nodiscard]] Routes routes() const {
    Routes all = api();
    for (Route& page : pages().routes) all.push_back(std::move(page));
    return all;
  }
  [[nodiscard]] static Routes api() {
    Routes api;
    api.push_back(route(Method::get, "/api/products", echo));
    api.push_back(route(Method::get, "/healthz", echo));
    return api;
  }
  [[nodiscard]] std::string fault() const try {
    static_cast<void>(routes());
    return "none";
  } catch (const std::runtime_error& problem) {
    return problem.what();
  }

 private:
  std::deque<std::string> names_;
  std::vector<EmbeddedFile> files_;
};

const Site kWhole{"index.html",         "admin.html",      "favicon.svg",       "about.html", "assets/app-1a2b3c4d.js",
                  "assets/deep/x-y.js", "art/picture.svg", "assets/app-1.js.gz"};

TEST(Pages, EveryAddressOfTheShopIsTheStorefront) {
  TestGateway server(kWhole.routes());
  RawClient client(server);
  for (const char* path : {"/", "/p/aurora-lamp", "/p/%41", "/orders", "/orders/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/login",
                           "/register", "/account", "/login?next=%2Forders"}) {
    client.send(get(path));
    const auto page = client.read_reply();
    EXPECT_EQ(page.status, 200) << path;
    EXPECT_EQ(page.body, "pages/index.html") << path;
    EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(page.header("Cache-Control"), "no-cache");
    EXPECT_FALSE(page.header("ETag").empty());
  }
}

TEST(Pages, EverythingBelowAdminIsTheConsole) {
  TestGateway server(kWhole.routes());
  RawClient client(server);
  for (const char* path : {"/admin", "/admin/", "/admin/orders", "/admin/orders/1/history", "/admin/index.html"}) {
    client.send(get(path));
    EXPECT_EQ(client.read_reply().body, "pages/admin.html") << path;
  }
}

TEST(Pages, HavePolicyThatAllowsNothingInline) {
  TestGateway server(kWhole.routes());
  for (const char* path : {"/", "/admin", "/about.html"}) {
    RawClient client(server);
    client.send(get(path));
    EXPECT_EQ(client.read_reply().header("Content-Security-Policy"),
              "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
              "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
              "object-src 'none'");
  }
}

TEST(Pages, FilesAreFoundByTheirNameAlone) {
  TestGateway server(kWhole.routes());
  RawClient client(server);
  const auto reply = [&](const std::string& path) {
    client.send(get(path));
    return client.read_reply();
  };
  EXPECT_EQ(reply("/assets/app-1a2b3c4d.js").body, "pages/assets/app-1a2b3c4d.js");
  EXPECT_EQ(reply("/assets/app-1a2b3c4d.js?x").header("Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(reply("/assets/deep/x-y.js").status, 200);
  EXPECT_EQ(reply("/art/picture.svg").header("Content-Type"), "image/svg+xml");
  EXPECT_EQ(reply("/art/picture.svg").header("Cache-Control"), "no-cache");
  EXPECT_EQ(reply("/favicon.svg").body, "pages/favicon.svg");
  EXPECT_EQ(reply("/about.html").body, "pages/about.html");
  for (const char* path :
       {"/assets/app-0000.js", "/assets/", "/assets", "/assets/index.html", "/art/picture", "/art/%70icture.svg",
        "/index.html", "/admin.html", "/elsewhere", "/orders/1/2", "/p", "/p/", "/api/nothing"}) {
    const auto missing = reply(path);
    EXPECT_EQ(missing.status, 404) << path;
    EXPECT_EQ(missing.header("Content-Type"), "application/json; charset=utf-8") << path;
    EXPECT_EQ(missing.header("Cache-Control"), "no-store") << path;
  }
}

TEST(Pages, AreOnlyRead) {
  TestGateway server(kWhole.routes());
  for (const char* path :
       {"/", "/admin", "/admin/orders", "/assets/app-1a2b3c4d.js", "/assets/nothing.js", "/favicon.svg"}) {
    RawClient client(server);
    client.send("HEAD " + std::string(path) + " HTTP/1.1\r\nHost: shop\r\n\r\nPOST " + path +
                " HTTP/1.1\r\nHost: shop\r\nContent-Length: 0\r\n\r\n");
    const auto head = client.read_reply(true);
    EXPECT_EQ(head.status, std::string_view(path).find("nothing") == std::string_view::npos ? 200 : 404) << path;
    const auto refused = client.read_reply();
    EXPECT_EQ(refused.status, 405) << path;
    EXPECT_EQ(refused.header("Allow"), "GET, HEAD");
  }
}

TEST(Pages, TellAPersonThatThereIsNothing) {
  TestGateway server(kWhole.routes(), {}, nullptr, kWhole.pages().not_found);
  RawClient client(server);
  const std::string person = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
  client.send(get("/nowhere", person));
  const auto page = client.read_reply();
  EXPECT_EQ(page.status, 404);
  EXPECT_EQ(page.body, "pages/index.html");
  EXPECT_EQ(page.header("Cache-Control"), "no-store");
  EXPECT_NE(page.header("Content-Security-Policy").find("script-src 'self'"), std::string::npos);
  for (const std::string& other : {get("/nowhere", "Accept: */*\r\n"), get("/nowhere"), get("/api/nothing", person),
                                   get("/assets/none.js", person),
                                   "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n" + person + "\r\n"}) {
    client.send(other);
    const auto refused = client.read_reply();
    EXPECT_EQ(refused.status, 404) << other;
    EXPECT_EQ(refused.header("Content-Type"), "application/json; charset=utf-8") << other;
  }
  EXPECT_FALSE(Site({"about.html"}).pages().not_found);
}

TEST(Pages, HideNothingOfTheServer) {
  EXPECT_EQ(Site({"index.html", "api/products"}).fault(), "the file api/products would hide /api of the server");
  EXPECT_EQ(Site({"index.html", "healthz"}).fault(), "the file healthz would hide /healthz of the server");
  EXPECT_EQ(Site({"index.html", "admin/index.html"}).fault(),
            "the file admin/index.html would hide /admin of the server");
  EXPECT_EQ(Site({"index.html", "p/x.html"}).fault(), "the file p/x.html would hide /p of the server");
  EXPECT_EQ(Site({"index.html"}).fault(), "none");
  EXPECT_EQ(Site({}).routes().size(), 2u) << "no files, no routes";
}

TEST(Pages, OneRouteForAFolder) {
  std::string paths;
  for (const Route& route : kWhole.routes()) paths += route.path + " ";
  EXPECT_EQ(paths,
            "/api/products /healthz /about.html /admin /admin/* /favicon.svg / /p/{id} /orders /orders/{id} /login "
            "/register /account /art/* /assets/* ");
}

}  // namespace
}  // namespace scalemart
