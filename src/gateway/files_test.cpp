#include "gateway/files.hpp"

#include <gtest/gtest.h>

#include "gateway/test_gateway.hpp"

namespace scalemart {
namespace {

using namespace testing;

TEST(Files, AreServedWithTypeAndEtagAndRevalidated) {
  const std::string large(100'000, 'j');
  TestGateway server(file_routes({{"/docs", "docs", "docs.html", "<!doctype html>", {}, false},
                                  {"/app.js", "", "app.js", large, "zipped", true}}));
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
  TestGateway server(file_routes({{"/docs", "docs", "docs.html", "<!doctype html>", {}, false}}));
  for (const char* path :
       {"/../etc/passwd", "/docs/../docs", "/%2e%2e/docs", "/..%2fdocs", "/docs%00", "/./docs", "//docs"}) {
    RawClient client(server);
    client.send(get(path));
    const int status = client.read_reply().status;
    EXPECT_TRUE(status == 400 || status == 404) << path << " " << status;
  }
}

TEST(Files, EmbeddedNamesBecomeUrls) {
  const std::string text = "x";
  const auto file = [&](std::string_view path) { return EmbeddedFile{path, text.data(), text.data() + 1}; };
  const std::vector<EmbeddedFile> files{file("api/openapi.json"), file("api/docs.html"), file("api/start.html"),
                                        file("api/docs.js"), file("api/docs.js.gz")};
  const auto site = api_site(files);
  ASSERT_EQ(site.size(), 4u);
  EXPECT_EQ(site[0].url, "/openapi.json");
  EXPECT_EQ(site[0].operation_id, "openapi");
  EXPECT_EQ(site[1].url, "/docs");
  EXPECT_EQ(site[2].url, "/");
  EXPECT_EQ(site[3].url, "/docs.js");
  EXPECT_FALSE(site[3].gzipped.empty());
}

}  // namespace
}  // namespace scalemart
