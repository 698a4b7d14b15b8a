#include "gateway/files.hpp"

#include <gtest/gtest.h>

#include "gateway/test_gateway.hpp"

namespace scalemart {
namespace {

using namespace testing;

TEST(Files, AreServedWithTypeAndEtagAndRevalidated) {
  const std::string large(100'000, 'j');
  Routes routes;
  routes.push_back(page_route("/docs", serve_file({"docs.html", "<!doctype html>", {}}, Caching::revalidated)));
  routes.push_back(page_route("/app.js", serve_file({"app.js", large, "zipped"}, Caching::immutable)));
  TestGateway server(std::move(routes));
  RawClient client(server);
  client.send(get("/docs") + get("/app.js") + get("/app.js", "Accept-Encoding: br, gzip;q=0.8\r\n") +
              get("/app.js", "Accept-Encoding: gzip;q=0\r\n"));
  const auto page = client.read_reply();
  EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.header("Cache-Control"), "no-cache");
  EXPECT_NE(page.header("Content-Security-Policy").find("script-src 'self'"), std::string::npos);
  EXPECT_EQ(page.header("Cross-Origin-Opener-Policy"), "same-origin");
  const auto script = client.read_reply();
  EXPECT_EQ(script.body, large);
  EXPECT_EQ(script.header("Cache-Control"), "public, max-age=31536000, immutable");
  const auto zipped = client.read_reply();
  EXPECT_EQ(zipped.body, "zipped");
  EXPECT_EQ(zipped.header("Content-Encoding"), "gzip");
  EXPECT_NE(zipped.header("ETag"), script.header("ETag"));
  EXPECT_EQ(client.read_reply().header("Content-Encoding"), "");
  client.send(get("/docs", "If-None-Match: \"x\", W/" + page.header("ETag") + "\r\n") +
              get("/docs", "If-None-Match: \"x\"\r\n"));
  const auto unchanged = client.read_reply();
  EXPECT_EQ(unchanged.status, 304);
  EXPECT_EQ(unchanged.body, "");
  EXPECT_EQ(client.read_reply().status, 200);
}

TEST(Files, NothingElseCanBeReached) {
  Routes routes;
  routes.push_back(page_route("/docs", serve_file({"docs.html", "<!doctype html>", {}}, Caching::revalidated)));
  TestGateway server(std::move(routes));
  for (const char* path :
       {"/../etc/passwd", "/docs/../docs", "/%2e%2e/docs", "/..%2fdocs", "/docs%00", "/./docs", "//docs"}) {
    RawClient client(server);
    client.send(get(path));
    const int status = client.read_reply().status;
    EXPECT_TRUE(status == 400 || status == 404) << path << " " << status;
  }
}

TEST(Files, OfTheApiHaveTheirNames) {
  const std::string text = "x";
  const auto file = [&](std::string_view path) { return EmbeddedFile{path, text.data(), text.data() + 1}; };
  const std::vector<EmbeddedFile> files{file("api/openapi.json"), file("api/docs.html"), file("api/docs.js"),
                                        file("api/docs.js.gz")};
  std::string seen;
  for (const Route& route : api_file_routes(files)) seen += route.path + " " + route.operation_id + "\n";
  EXPECT_EQ(seen, "/docs docs\n/docs.js page:/docs.js\n/openapi.json openapi\n");
}

TEST(Files, ArePairedWithTheirCompressedForms) {
  const std::string text = "ab";
  const std::vector<EmbeddedFile> files{{"p/a.js.gz", text.data() + 1, text.data() + 2},
                                        {"p/alone.gz", text.data(), text.data() + 2},
                                        {"p/a.js", text.data(), text.data() + 1}};
  const auto paired = pair_files(files);
  ASSERT_EQ(paired.size(), 2u);
  EXPECT_EQ(paired[0].name, "p/a.js");
  EXPECT_EQ(paired[0].content, "a");
  EXPECT_EQ(paired[0].gzipped, "b");
  EXPECT_EQ(paired[1].name, "p/alone.gz");
  EXPECT_EQ(paired[1].gzipped, "");
}

}  // namespace
}  // namespace scalemart
