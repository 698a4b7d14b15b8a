#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "gateway/test_gateway.hpp"

namespace scalemart {
namespace {

using namespace testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string post(const std::string& fields, const std::string& rest = "") {
  return "POST /echo HTTP/1.1\r\nHost: shop\r\n" + fields + "\r\n" + rest;
}

Routes echo_routes() {
  Routes routes;
  routes.push_back(route(Method::get, "/echo", echo));
  routes.push_back(route(Method::post, "/echo", echo, Access::open, Body::own));
  routes.push_back(route(Method::get, "/healthz", echo));
  routes.back().policy = "";
  return routes;
}

TEST(Connection, KeepsAliveAndAnswersInOrder) {
  TestGateway server(echo_routes());
  RawClient client(server);
  for (int i = 0; i < 3; ++i) {
    client.send(get("/echo"));
    EXPECT_EQ(client.read_reply().body, "GET /echo ");
  }
  std::string many;
  for (int i = 0; i < 500; ++i) many += post("Content-Length: 3\r\n", std::to_string(100 + i));
  client.send(many);
  for (int i = 0; i < 500; ++i) ASSERT_EQ(client.read_reply().body, "POST /echo " + std::to_string(100 + i));
}

TEST(Connection, AnswersCarryTheirHeaders) {
  TestGateway server(echo_routes());
  RawClient client(server);
  client.send(get("/echo", "X-Request-Id: my-id.1\r\n"));
  auto reply = client.read_reply();
  EXPECT_EQ(reply.header("X-Request-Id"), "my-id.1");
  EXPECT_EQ(reply.header("Cache-Control"), "no-store");
  EXPECT_EQ(reply.header("X-Content-Type-Options"), "nosniff");
  EXPECT_NE(reply.header("Content-Security-Policy").find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(reply.header("Date"), "Tue, 14 Nov 2023 22:13:20 GMT");
  EXPECT_EQ(reply.header("Strict-Transport-Security"), "") << "only with TLS";
  client.send(get("/nothing", "X-Request-Id: a\"b\r\n"));
  reply = client.read_reply();
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.header("X-Request-Id").size(), 24u) << "an id that could break a log is replaced";
  EXPECT_NE(reply.body.find("\"request_id\":\"" + reply.header("X-Request-Id") + "\""), std::string::npos);
  EXPECT_NE(reply.body.find("\"code\":\"not_found\""), std::string::npos);
}

TEST(Connection, HeadHasTheLengthButNoBody) {
  TestGateway server(echo_routes());
  RawClient client(server);
  client.send("HEAD /echo HTTP/1.1\r\nHost: a\r\n\r\n" + get("/echo"));
  const auto head = client.read_reply(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("Content-Length"), "11");
  EXPECT_EQ(client.read_reply().body, "GET /echo ");
}

TEST(Connection, Http10ClosesUnlessAskedToStay) {
  TestGateway server(echo_routes());
  RawClient client(server);
  client.send("GET /echo HTTP/1.0\r\n\r\n");
  const std::string all = client.read_all();
  EXPECT_NE(all.find("Connection: close"), std::string::npos);
  RawClient staying(server);
  staying.send("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(staying.read_reply().header("Connection"), "keep-alive");
  staying.send("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(staying.read_reply().header("Connection"), "close");
  EXPECT_TRUE(staying.is_closed());
}

TEST(Connection, ChunkedBodiesArriveWhole) {
  TestGateway server(echo_routes());
  RawClient client(server);
  const std::string request = post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nT: 1\r\n\r\n");
  for (std::size_t cut = 1; cut < request.size(); cut += 3) {
    client.send(request.substr(0, cut));
    if (cut % 2 == 0) ::poll(nullptr, 0, 1);
    client.send(request.substr(cut));
    ASSERT_EQ(client.read_reply().body, "POST /echo abcdefg") << cut;
  }
}

TEST(Connection, LargeBodiesAndLargeAnswersPass) {
  TestGateway server(echo_routes());
  RawClient client(server);
  const std::string body(64 * 1024, 'b');
  client.send(post("Content-Length: 65536\r\n", body) + get("/echo"));
  EXPECT_EQ(client.read_reply().body, "POST /echo " + body);
  EXPECT_EQ(client.read_reply().body, "GET /echo ");
}

TEST(Connection, ExpectedContinueIsGiven) {
  TestGateway server(echo_routes());
  RawClient client(server);
  client.send(post("Content-Length: 5\r\nExpect: 100-continue\r\n"));
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hello");
  EXPECT_EQ(client.read_reply().body, "POST /echo hello");
  client.send(post("Content-Length: 70000\r\nExpect: 100-continue\r\n"));
  EXPECT_EQ(client.read_reply().status, 413) << "no continue for what is refused anyway";
}

/// Whatever stands behind a refused request is never served.
TEST(Connection, RefusalsEndTheConnection) {
  TestGateway server(echo_routes());
  const std::string smuggled = get("/echo");
  struct Case {
    std::string bytes;
    int status;
    const char* code;
  };
  const std::vector<Case> cases{
      {post("Transfer-Encoding: gzip\r\n", "0\r\n\r\n"), 501, "transfer_coding_not_implemented"},
      {post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400, "malformed_request"},
      {post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400, "malformed_request"},
      {post("Content-Length: +5\r\n", "hello"), 400, "malformed_request"},
      {post("Content-Length: 70000\r\n"), 413, "body_too_large"},
      {post("Transfer-Encoding: chunked\r\n", "10001\r\n"), 413, "body_too_large"},
      {get("/echo", "Host: b\r\n"), 400, "malformed_request"},
      {get("/" + std::string(9000, 'a')), 414, "uri_too_long"},
      {get("/echo", "X: " + std::string(17000, 'a') + "\r\n"), 431, "headers_too_large"},
      {"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed_request"},
      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed_request"},
      {"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method_not_allowed"},
      {"TRACE /echo HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method_not_allowed"},
      {"BREW /echo HTTP/1.1\r\nHost: a\r\n\r\n", 501, "method_not_implemented"},
      {"GET /echo HTTP/3.0\r\nHost: a\r\n\r\n", 505, "http_version_not_supported"},
      {get("/a//b"), 400, "malformed_request"},
      {get("/a/../echo"), 400, "malformed_request"},
      {get("/a/%2e%2e/echo"), 400, "malformed_request"},
      {get("/a/%2E/echo"), 400, "malformed_request"},
      {get("/a%00"), 400, "malformed_request"},
      {get("/a%zz"), 400, "malformed_request"},
      {std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8) + "TLS to a plain port", 400, "malformed_request"},
  };
  for (const Case& c : cases) {
    for (const std::size_t cut : {c.bytes.size(), c.bytes.size() / 2, std::size_t{1}}) {
      RawClient client(server);
      client.send(c.bytes.substr(0, cut));
      if (cut < c.bytes.size()) ::poll(nullptr, 0, 1);
      client.send(c.bytes.substr(cut) + smuggled);
      bool orderly = false;
      const std::string all = client.read_all(&orderly);
      EXPECT_TRUE(all.starts_with("HTTP/1.1 " + std::to_string(c.status))) << c.bytes.substr(0, 80) << "\n" << all;
      EXPECT_NE(all.find("\"code\":\"" + std::string(c.code) + "\""), std::string::npos) << all;
      EXPECT_NE(all.find("Connection: close\r\n"), std::string::npos) << all;
      EXPECT_FALSE(std::regex_search(all.begin() + 1, all.end(), std::regex("HTTP/1\\.1 [0-9]{3}")))
          << "a second answer: " << all;
      EXPECT_TRUE(orderly) << "the answer must not be lost to a reset";
    }
  }
  EXPECT_TRUE(server.eventually([&] { return server.gateway->connections() == 0; }));
}

TEST(Connection, UnservedMethodsNameTheServedOnes) {
  TestGateway server(echo_routes());
  RawClient client(server);
  client.send("DELETE /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto reply = client.read_reply();
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(reply.header("Allow"), "GET, HEAD, POST");
  client.send(get("/echo"));
  EXPECT_EQ(client.read_reply().status, 200) << "well-formed, so the connection lives on";
}

// --- slow clients, under the manual clock ---------------------------------------------------------------

TEST(Connection, SlowHeadsAreCutOffInTotal) {
  TestGateway server(echo_routes());
  RawClient client(server);
  client.send("G");
  ASSERT_TRUE(server.eventually([&] { return server.gateway->connections() == 1; }));
  for (int i = 0; i < 9; ++i) {
    ::poll(nullptr, 0, 10);
    server.clock.advance(seconds(1));
    client.send(i == 0 ? "E" : i == 1 ? "T" : i == 2 ? " " : i == 3 ? "/" : "a");
  }
  ::poll(nullptr, 0, 10);
  EXPECT_TRUE(client.has_nothing_for(10)) << "nine seconds are patience";
  server.clock.advance(seconds(2));
  EXPECT_EQ(client.read_reply().status, 408);
  EXPECT_TRUE(client.is_closed());
}

TEST(Connection, SlowBodiesMustKeepARate) {
  TestGateway server(echo_routes());
  RawClient client(server);
  client.send(post("Content-Length: 60000\r\n", "x"));
  ASSERT_TRUE(server.eventually([&] { return server.gateway->connections() == 1; }));
  ::poll(nullptr, 0, 20);
  server.clock.advance(milliseconds(4900));
  EXPECT_TRUE(client.has_nothing_for(20)) << "the grace";
  client.send(std::string(4096, 'x'));
  ::poll(nullptr, 0, 20);
  server.clock.advance(milliseconds(3000));
  EXPECT_TRUE(client.has_nothing_for(20)) << "four kilobytes are worth four seconds";
  server.clock.advance(milliseconds(2000));
  EXPECT_EQ(client.read_reply().status, 408);
}

TEST(Connection, NoBodyTakesLongerThanItsTotal) {
  TestGateway server(echo_routes());
  RawClient client(server);
  client.send(post("Content-Length: 60000\r\n", std::string(50'000, 'x')));
  ::poll(nullptr, 0, 30);
  server.clock.advance(milliseconds(14'800));
  EXPECT_TRUE(client.has_nothing_for(20));
  server.clock.advance(milliseconds(600));
  EXPECT_EQ(client.read_reply().status, 408);
}

TEST(Connection, IdleConnectionsEndQuietly) {
  TestGateway server(echo_routes());
  RawClient client(server);
  client.send(get("/echo"));
  EXPECT_EQ(client.read_reply().status, 200);
  for (int i = 0; i < 11; ++i) {
    server.clock.advance(seconds(5));
    ::poll(nullptr, 0, 5);
  }
  EXPECT_TRUE(client.has_nothing_for(5)) << "55 seconds";
  server.clock.advance(seconds(6));
  EXPECT_EQ(client.read_all(), "");
}

TEST(Connection, UnderPressureIdleConnectionsEndSooner) {
  TestGateway server(echo_routes(), [](GatewayOptions& o) { o.connections.total = 4; });
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(std::make_unique<RawClient>(server));
  ASSERT_TRUE(server.eventually([&] { return server.gateway->connections() == 4; }));
  server.clock.advance(milliseconds(5200));
  EXPECT_TRUE(server.eventually([&] { return server.gateway->connections() <= 3; }));
}

TEST(Connection, ReadersThatStallAreCutOff) {
  Routes routes;
  routes.push_back(route(Method::get, "/big", [](Exchange& x) {
    Response r;
    r.body = std::string(8'000'000, 'x');
    x.respond(r);
  }));
  TestGateway server(std::move(routes));
  RawClient client(server, 4096);
  client.send(get("/big"));
  ASSERT_TRUE(server.eventually([&] { return server.control.answered == 1; }));
  ::poll(nullptr, 0, 20);
  server.clock.advance(milliseconds(9'000));
  ::poll(nullptr, 0, 20);
  EXPECT_EQ(server.gateway->connections(), 1u);
  server.clock.advance(milliseconds(1'500));
  EXPECT_TRUE(server.eventually([&] { return server.gateway->connections() == 0; }));
}

TEST(Connection, SlowReadersGetEverythingAndNothingIsBegunMeanwhile) {
  std::atomic<int> begun{0};
  Routes routes;
  routes.push_back(route(Method::get, "/big", [&](Exchange& x) {
    ++begun;
    Response r;
    r.shared_body = std::make_shared<const std::string>(4'000'000, 'x');
    x.respond(r);
  }));
  TestGateway server(std::move(routes));
  RawClient client(server, 4096);
  client.send(get("/big") + get("/big") + get("/big"));
  ASSERT_TRUE(server.eventually([&] { return begun == 1; }));
  ::poll(nullptr, 0, 20);
  EXPECT_EQ(begun, 1) << "the next request waits until the first answer has left";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.read_reply().body.size(), 4'000'000u);
}

// --- ends -----------------------------------------------------------------------------------------------

TEST(Connection, HalfClosedClientsGetTheirAnswers) {
  TestGateway server(echo_routes());
  RawClient client(server);
  client.send(get("/echo") + get("/echo") + "GET /ec");
  client.finish_sending();
  EXPECT_EQ(client.read_reply().status, 200);
  EXPECT_EQ(client.read_reply().status, 200);
  EXPECT_EQ(client.read_all(), "") << "the torn request has no answer";
}

TEST(Connection, ResetsLeaveNothingBehind) {
  TestGateway server(echo_routes());
  for (int i = 0; i < 20; ++i) {
    RawClient client(server);
    client.send(i % 2 == 0 ? get("/echo") : "GET /ec");
    client.reset();
  }
  EXPECT_TRUE(server.eventually([&] { return server.gateway->connections() == 0; }));
  RawClient client(server);
  client.send(get("/echo"));
  EXPECT_EQ(client.read_reply().status, 200);
}

// --- caps -----------------------------------------------------------------------------------------------

TEST(Connection, AboveTheCapOnlyHealthIsAnswered) {
  TestGateway server(echo_routes(), [](GatewayOptions& o) {
    o.connections.total = 2;
    o.connections.reserved = 2;
  });
  RawClient a(server);
  RawClient b(server);
  ASSERT_TRUE(server.eventually([&] { return server.gateway->connections() == 2; }));
  RawClient buyer(server);
  RawClient watcher(server);
  buyer.send(get("/echo"));
  const auto refused = buyer.read_reply();
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.header("Retry-After"), "");
  EXPECT_TRUE(buyer.is_closed());
  watcher.send(get("/healthz"));
  EXPECT_EQ(watcher.read_reply().status, 200);
  buyer.close();
  RawClient another(server);
  RawClient one_too_many(server);
  EXPECT_TRUE(server.eventually([&] { return server.gateway->connections() >= 3; }));
}

TEST(ConnectionLimits, CountByAddressAndGiveBack) {
  ConnectionLimits limits({.total = 100, .reserved = 1, .per_address = 2});
  const auto at = [](const char* text) { return IpAddress::parse(text).value(); };
  using Admitted = ConnectionLimits::Admitted;
  EXPECT_EQ(limits.enter(at("2001:db8::1"), false), Admitted::fully);
  EXPECT_EQ(limits.enter(at("2001:db8::2"), false), Admitted::fully);
  EXPECT_EQ(limits.enter(at("2001:db8::3"), false), Admitted::refused) << "one /64 is one customer";
  EXPECT_EQ(limits.enter(at("2001:db8:0:1::3"), false), Admitted::fully);
  EXPECT_EQ(limits.enter(at("2001:db8::3"), true), Admitted::fully) << "a trusted proxy";
  limits.leave(at("2001:db8::9"), false);
  EXPECT_EQ(limits.enter(at("2001:db8::4"), false), Admitted::fully);
  EXPECT_EQ(limits.count(), 4u);
}

}  // namespace
}  // namespace scalemart
