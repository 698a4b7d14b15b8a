#include "gateway/session_cookie.hpp"

#include <gtest/gtest.h>

#include "gateway/test_gateway.hpp"

namespace scalemart {
namespace {

using namespace testing;
using namespace std::chrono_literals;

/// Answers who keeps the token and what the cookie holds.
Routes told() {
  Routes routes;
  routes.push_back(route(Method::post, "/tell", [](Exchange& x) {
    const auto keeper = token_keeper(x);
    if (const auto* refused = std::get_if<Response>(&keeper)) return x.respond(*refused);
    Response r;
    r.body = std::get<TokenKeeper>(keeper) == TokenKeeper::browser ? "browser " : "client ";
    const auto cookie = refresh_cookie(x);
    r.body += cookie ? "[" + std::string(*cookie) + "]" : "none";
    x.respond(r);
  }));
  routes.push_back(route(Method::post, "/set", [](Exchange& x) {
    x.respond(with_refresh_cookie(no_content(), x.is_secure(), "smr_abc", 2'592'000s));
  }));
  routes.push_back(route(Method::post, "/clear",
                         [](Exchange& x) { x.respond(without_refresh_cookie(no_content(), x.is_secure())); }));
  return routes;
}

class SessionCookie : public ::testing::Test {
 protected:
  RawClient::Reply ask(const std::string& fields, const std::string& path = "/tell",
                       const std::string& host = "shop.example") {
    client_.send("POST " + path + " HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 0\r\n" + fields + "\r\n");
    return client_.read_reply();
  }
  std::string told_of(const std::string& fields, const std::string& host = "shop.example") {
    const auto reply = ask(fields, "/tell", host);
    return reply.status == 200 ? reply.body : std::to_string(reply.status);
  }

  TestGateway server_{told(),
                      [](GatewayOptions& o) { o.trusted_proxies = TrustedProxies::parse("127.0.0.1").value(); }};
  RawClient client_{server_};
  const std::string ours_ = "X-Session: cookie\r\n";
  const std::string tls_ = "X-Forwarded-Proto: https\r\n";
};

TEST_F(SessionCookie, IsAskedForByTheHeaderAlone) {
  EXPECT_EQ(told_of(""), "client none");
  EXPECT_EQ(told_of("Cookie: scalemart_refresh=a\r\nOrigin: https://evil.example\r\n"), "client [a]");
  EXPECT_EQ(told_of(ours_), "browser none");
  EXPECT_EQ(told_of("x-session: cookie\r\n"), "browser none");
  for (const char* other : {"Cookie", "body", "cookie, cookie", "1"})
    EXPECT_EQ(told_of("X-Session: " + std::string(other) + "\r\n"), "422") << other;
}

TEST_F(SessionCookie, IsForPagesOfThisOriginOnly) {
  struct Case {
    const char* fields;
    const char* host;
    const char* expected;
  };
  for (const Case& each : {
           Case{"Origin: http://shop.example\r\n", "shop.example", "browser none"},
           Case{"Origin: http://SHOP.example\r\n", "shop.Example", "browser none"},
           Case{"Origin: http://shop.example\r\n", "shop.example:80", "browser none"},
           Case{"Origin: http://shop.example:3000\r\n", "shop.example:3000", "browser none"},
           Case{"Origin: https://shop.example\r\n", "shop.example:443", "browser none"},  // a proxy we do not trust
           Case{"Sec-Fetch-Site: same-origin\r\n", "shop.example", "browser none"},
           Case{"Origin: http://shop.example:3001\r\n", "shop.example:3000", "403"},
           Case{"Origin: http://shop.example.evil\r\n", "shop.example", "403"},
           Case{"Origin: http://sub.shop.example\r\n", "shop.example", "403"},
           Case{"Origin: http://evil.example/shop.example\r\n", "shop.example", "403"},
           Case{"Origin: ftp://shop.example\r\n", "shop.example", "403"},
           Case{"Origin: shop.example\r\n", "shop.example", "403"},
           Case{"Origin: null\r\n", "null", "403"},
           Case{"Origin: http://\r\n", "shop.example", "403"},
           Case{"Sec-Fetch-Site: cross-site\r\n", "shop.example", "403"},
           Case{"Sec-Fetch-Site: same-site\r\nOrigin: http://shop.example\r\n", "shop.example", "403"},
           Case{"Sec-Fetch-Site: same-origin\r\nOrigin: http://evil.example\r\n", "shop.example", "403"},
           Case{"X-Forwarded-Proto: https\r\nOrigin: https://shop.example\r\n", "shop.example", "browser none"},
           Case{"X-Forwarded-Proto: https\r\nOrigin: http://shop.example\r\n", "shop.example", "403"},
       })
    EXPECT_EQ(told_of(ours_ + each.fields, each.host), each.expected) << each.fields << each.host;
}

TEST_F(SessionCookie, IsReadByItsWholeName) {
  for (const auto& [cookie, expected] : {
           std::pair{"scalemart_refresh=smr_a", "[smr_a]"},
           std::pair{"a=1;scalemart_refresh=smr_a ; b=2", "[smr_a]"},
           std::pair{"scalemart_refresh=", "[]"},
           std::pair{"scalemart_refresh=a=b", "[a=b]"},
           std::pair{"scalemart_refresh", "none"},
           std::pair{"xscalemart_refresh=a; scalemart_refreshx=b; Scalemart_refresh=c", "none"},
           std::pair{"__Secure-scalemart_refresh=a", "none"},
           std::pair{"scalemart_refresh=a; scalemart_refresh=b", "[]"},
           std::pair{"scalemart_refresh=a; scalemart_refresh=a", "[]"},
           std::pair{";;;=;; =", "none"},
       })
    EXPECT_EQ(told_of(ours_ + "Cookie: " + cookie + "\r\n"), "browser " + std::string(expected)) << cookie;
  EXPECT_EQ(told_of(ours_ + tls_ + "Cookie: scalemart_refresh=a; __Secure-scalemart_refresh=b\r\n"), "browser [b]")
      << "what a page without TLS could have set is not read";
}

TEST_F(SessionCookie, IsOutOfReachForScriptsAndOtherSites) {
  EXPECT_EQ(ask("", "/set").header("Set-Cookie"),
            "scalemart_refresh=smr_abc; HttpOnly; SameSite=Strict; Path=/api/auth; Max-Age=2592000");
  EXPECT_EQ(ask(tls_, "/set").header("Set-Cookie"),
            "__Secure-scalemart_refresh=smr_abc; HttpOnly; SameSite=Strict; Path=/api/auth; Max-Age=2592000; Secure");
  EXPECT_EQ(ask("", "/clear").header("Set-Cookie"),
            "scalemart_refresh=; HttpOnly; SameSite=Strict; Path=/api/auth; Max-Age=0");
  EXPECT_EQ(ask(tls_, "/clear").header("Set-Cookie"),
            "__Secure-scalemart_refresh=; HttpOnly; SameSite=Strict; Path=/api/auth; Max-Age=0; Secure");
}

}  // namespace
}  // namespace scalemart
