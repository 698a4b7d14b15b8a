#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "gateway/test_gateway.hpp"

namespace scalemart {
namespace {

using namespace testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string bearer(std::string_view token) {
  return "Authorization: Bearer " + std::string(token) + "\r\n";
}

Routes guarded_routes() {
  Routes routes;
  routes.push_back(route(Method::get, "/open", echo));
  routes.push_back(route(Method::get, "/mine", echo, Access::buyer));
  routes.push_back(route(Method::get, "/admin", echo, Access::admin));
  routes.push_back(route(Method::get, "/ops", echo, Access::operator_));
  return routes;
}

TEST(Pipeline, WhoMayDoWhat) {
  TestGateway server(guarded_routes(),
                     [](GatewayOptions& o) { o.operator_network = TrustedProxies::parse("192.0.2.0/24").value(); });
  struct Case {
    const char* path;
    std::string token;
    int status;
  };
  const std::string buyer = bearer(kBuyerToken);
  const std::string admin = bearer(kAdminToken);
  const std::vector<Case> cases{
      {"/open", "", 200},
      {"/open", buyer, 200},
      {"/open", bearer("bad"), 200},
      {"/mine", "", 401},
      {"/mine", buyer, 200},
      {"/mine", admin, 200},
      {"/admin", "", 401},
      {"/admin", buyer, 403},
      {"/admin", admin, 200},
      {"/ops", "", 401},
      {"/ops", buyer, 403},
      {"/ops", admin, 200},
      {"/mine", bearer("bad"), 401},
      {"/mine", "Authorization: Basic dTpw\r\n", 401},
      {"/mine", "Authorization: Bearer\r\n", 401},
      {"/mine", "Authorization: bearer buyer-token\r\n", 200},
  };
  RawClient client(server);
  for (const Case& c : cases) {
    client.send(get(c.path, c.token));
    const auto reply = client.read_reply();
    EXPECT_EQ(reply.status, c.status) << c.path << " " << c.token;
    EXPECT_EQ(reply.header("WWW-Authenticate").empty(), c.status != 401);
  }
  server.control.admin_in_store = false;
  client.send(get("/admin", admin));
  EXPECT_EQ(client.read_reply().status, 403) << "the store decides, not the token";
}

TEST(Pipeline, RefusalsOfTokensSayWhich) {
  TestGateway server(guarded_routes());
  RawClient client(server);
  const auto code = [&](const std::string& fields) {
    client.send(get("/mine", fields));
    return client.read_reply().body;
  };
  EXPECT_NE(code("").find("\"not_authenticated\""), std::string::npos);
  EXPECT_NE(code(bearer("x")).find("\"invalid_token\""), std::string::npos);
  EXPECT_NE(code(bearer("expired-token")).find("\"token_expired\""), std::string::npos);
}

TEST(Pipeline, OperatorsNetworkNeedsNoToken) {
  TestGateway server(guarded_routes());
  RawClient client(server);
  client.send(get("/ops"));
  EXPECT_EQ(client.read_reply().status, 200);
}

TEST(Pipeline, LimitsRefuseBeforeAndAfterIdentity) {
  TestGateway server(guarded_routes());
  RawClient client(server);
  server.control.limit_address = true;
  client.send(get("/mine", bearer("bad")));
  auto reply = client.read_reply();
  EXPECT_EQ(reply.status, 429) << "strangers do not get a signature checked";
  EXPECT_NE(reply.body.find("\"detail\":\"Too many requests.\""), std::string::npos);
  server.control.limit_address = false;
  server.control.limit_user = true;
  client.send(get("/mine", bearer("bad")) + get("/mine", bearer(kBuyerToken)) + get("/open"));
  EXPECT_EQ(client.read_reply().status, 401);
  EXPECT_EQ(client.read_reply().status, 429);
  EXPECT_EQ(client.read_reply().status, 200);
}

TEST(Pipeline, ForwardedAddressesAreBelievedFromProxiesOnly) {
  Routes routes;
  routes.push_back(route(Method::get, "/who", [](Exchange& x) {
    Response r;
    r.body = x.client().text();
    x.respond(r);
  }));
  const std::string chain = "X-Forwarded-For: 203.0.113.9, 198.51.100.7\r\n";
  TestGateway direct(routes);
  RawClient stranger(direct);
  stranger.send(get("/who", chain));
  EXPECT_EQ(stranger.read_reply().body, "127.0.0.1");
  TestGateway behind(routes, [](GatewayOptions& o) { o.trusted_proxies = TrustedProxies::parse("127.0.0.1").value(); });
  RawClient proxy(behind);
  proxy.send(get("/who", chain) + get("/who", "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 198.51.100.8\r\n"));
  EXPECT_EQ(proxy.read_reply().body, "198.51.100.7") << "the rightmost hop that is not ours";
  EXPECT_EQ(proxy.read_reply().body, "198.51.100.8");
}

TEST(Pipeline, BelievesATrustedProxyThatItSpokeTls) {
  Routes routes;
  routes.push_back(route(Method::get, "/secure", [](Exchange& x) {
    Response r;
    r.body = x.is_secure() ? "yes" : "no";
    x.respond(r);
  }));
  const std::string proto = "X-Forwarded-Proto: ";
  TestGateway direct(routes);
  RawClient stranger(direct);
  stranger.send(get("/secure", proto + "https\r\n"));
  const auto believed = stranger.read_reply();
  EXPECT_EQ(believed.body, "no") << "anybody can say so";
  EXPECT_EQ(believed.header("Strict-Transport-Security"), "");
  TestGateway behind(routes, [](GatewayOptions& o) { o.trusted_proxies = TrustedProxies::parse("127.0.0.1").value(); });
  RawClient proxy(behind);
  proxy.send(get("/secure", proto + "HTTPS\r\n") + get("/secure", proto + "https, http\r\n") +
             get("/secure", proto + "http\r\n") + get("/secure"));
  const auto secure = proxy.read_reply();
  EXPECT_EQ(secure.body, "yes");
  EXPECT_EQ(secure.header("Strict-Transport-Security"), "max-age=31536000; includeSubDomains");
  EXPECT_EQ(proxy.read_reply().body, "yes") << "the client's own hop is the first";
  EXPECT_EQ(proxy.read_reply().body, "no");
  EXPECT_EQ(proxy.read_reply().body, "no");
}

TEST(Pipeline, CorsIsOffUnlessTheOriginIsListed) {
  TestGateway off(guarded_routes());
  RawClient a(off);
  a.send(get("/open", "Origin: https://shop.example\r\n"));
  EXPECT_EQ(a.read_reply().header("Access-Control-Allow-Origin"), "");
  TestGateway on(guarded_routes(), [](GatewayOptions& o) { o.cors_origins = {"https://shop.example"}; });
  RawClient b(on);
  b.send(get("/open", "Origin: https://shop.example\r\n") + get("/open", "Origin: https://shop.example.evil\r\n"));
  EXPECT_EQ(b.read_reply().header("Access-Control-Allow-Origin"), "https://shop.example");
  const auto other = b.read_reply();
  EXPECT_EQ(other.header("Access-Control-Allow-Origin"), "");
  EXPECT_EQ(other.header("Vary"), "Origin");
  b.send(
      "OPTIONS /mine HTTP/1.1\r\nHost: a\r\nOrigin: https://shop.example\r\nAccess-Control-Request-Method: "
      "GET\r\n\r\n");
  const auto preflight = b.read_reply();
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.header("Access-Control-Allow-Methods"), "GET, HEAD");
}

TEST(Pipeline, ParametersAreDecoded) {
  Routes routes;
  routes.push_back(route(Method::get, "/by-key/{key}", [](Exchange& x) {
    Response r;
    r.body = std::string(x.path_parameter(0)) + "|" + std::string(x.query("q").value_or("none"));
    x.respond(r);
  }));
  TestGateway server(std::move(routes));
  RawClient client(server);
  client.send(get("/by-key/a%2Fb%20c?q=x%26y+z&q=2") + get("/by-key/k") + get("/by-key/k?q=%0a"));
  EXPECT_EQ(client.read_reply().body, "a/b c|x&y z");
  EXPECT_EQ(client.read_reply().body, "k|none");
  EXPECT_EQ(client.read_reply().status, 400);
}

TEST(Pipeline, HandlersThatFailBecome500) {
  Routes routes;
  routes.push_back(route(Method::get, "/throws", [](Exchange&) { throw std::runtime_error("secret detail"); }));
  routes.push_back(route(Method::get, "/forgets", [](Exchange&) {}));
  routes.push_back(route(Method::get, "/drops", [](Exchange& x) { Later dropped = x.later(); }));
  routes.push_back(route(Method::get, "/twice", [](Exchange& x) {
    x.respond(no_content());
    x.respond(no_content());
  }));
  TestGateway server(std::move(routes));
  RawClient client(server);
  for (const char* path : {"/throws", "/forgets"}) {
    client.send(get(path));
    const auto reply = client.read_reply();
    EXPECT_EQ(reply.status, 500) << path;
    EXPECT_EQ(reply.body.find("secret"), std::string::npos);
  }
  // Whoever was asked had no answer.
  client.send(get("/drops"));
  EXPECT_EQ(client.read_reply().status, 503);
  client.send(get("/twice") + get("/forgets"));
  EXPECT_EQ(client.read_reply().status, 204);
  EXPECT_EQ(client.read_reply().status, 500);
}

TEST(Pipeline, LaterAnswersFromAnyThreadInOrder) {
  std::mutex mutex;
  std::vector<Later> waiting;
  Routes routes;
  routes.push_back(route(Method::get, "/later", [&](Exchange& x) {
    const std::lock_guard lock(mutex);
    waiting.push_back(x.later());
  }));
  routes.push_back(route(Method::get, "/now", echo));
  TestGateway server(std::move(routes));
  RawClient client(server);
  client.send(get("/later") + get("/now") + get("/later"));
  const auto answer = [&](const char* text) {
    ASSERT_TRUE(server.eventually([&] {
      const std::lock_guard lock(mutex);
      return !waiting.empty();
    }));
    std::thread([&] {
      const std::lock_guard lock(mutex);
      Response r;
      r.body = text;
      waiting.back().respond(std::move(r));
      waiting.pop_back();
    }).join();
  };
  EXPECT_TRUE(client.has_nothing_for(20));
  answer("first");
  EXPECT_EQ(client.read_reply().body, "first");
  EXPECT_EQ(client.read_reply().body, "GET /now ");
  answer("third");
  EXPECT_EQ(client.read_reply().body, "third");
  client.send(get("/later"));
  ASSERT_TRUE(server.eventually([&] {
    const std::lock_guard lock(mutex);
    return !waiting.empty();
  }));
  client.reset();
  ASSERT_TRUE(server.eventually([&] { return server.gateway->connections() == 0; }));
  answer("nobody");
  RawClient next(server);
  next.send(get("/now"));
  EXPECT_EQ(next.read_reply().status, 200);
}

TEST(Pipeline, HandlersThatNeverAnswerAreGivenUp) {
  std::mutex mutex;
  std::vector<Later> kept;
  Routes routes;
  routes.push_back(route(Method::get, "/never", [&](Exchange& x) {
    const std::lock_guard lock(mutex);
    kept.push_back(x.later());
  }));
  TestGateway server(std::move(routes));
  RawClient client(server);
  client.send(get("/never"));
  ASSERT_TRUE(server.eventually([&] {
    const std::lock_guard lock(mutex);
    return !kept.empty();
  }));
  ::poll(nullptr, 0, 10);
  server.clock.advance(seconds(61));
  const auto reply = client.read_reply();
  EXPECT_EQ(reply.status, 504) << "not 503, which promises that nothing was done";
  EXPECT_TRUE(client.is_closed());
}

/// Plays the ledger: takes tickets, answers them in batches on its own thread.
struct FakeLedger {
  struct Local {
    int quantity = 0;
  };
  std::mutex mutex;
  std::vector<std::pair<AnswerTo, std::uint32_t>> tickets;

  void take(Exchange& x) {
    x.local<Local>().quantity = 7;
    const AnswerTo to = x.await_answer([](Exchange& y, const Answer& answer) {
      Response r;
      r.body = std::to_string(answer.quantity) + "/" + std::to_string(y.local<Local>().quantity) + "/" +
               std::to_string(y.principal()->user.lo);
      y.respond(r);
    });
    const std::lock_guard lock(mutex);
    tickets.emplace_back(to, static_cast<std::uint32_t>(x.body().size()));
  }
  std::size_t waiting() {
    const std::lock_guard lock(mutex);
    return tickets.size();
  }
  void answer_all() {
    std::vector<std::pair<AnswerTo, std::uint32_t>> batch;
    {
      const std::lock_guard lock(mutex);
      batch.swap(tickets);
    }
    if (batch.empty()) return;
    std::vector<AnswerSink::Item> items;
    for (const auto& [to, quantity] : batch) {
      AnswerSink::Item item{to.token, {}};
      item.answer.quantity = quantity;
      items.push_back(item);
    }
    batch.front().first.sink->answers(items);
  }
};

TEST(Pipeline, LedgerAnswersComeBackInBatches) {
  FakeLedger ledger;
  Routes routes;
  routes.push_back(route(
      Method::post, "/buy", [&](Exchange& x) { ledger.take(x); }, Access::buyer, Body::own));
  TestGateway server(std::move(routes));
  std::vector<std::unique_ptr<RawClient>> clients;
  for (std::size_t i = 0; i < 50; ++i) {
    clients.push_back(std::make_unique<RawClient>(server));
    clients.back()->send("POST /buy HTTP/1.1\r\nHost: a\r\n" + bearer(kBuyerToken) +
                         "Content-Length: " + std::to_string(i) + "\r\n\r\n" + std::string(i, 'x'));
  }
  ASSERT_TRUE(server.eventually([&] { return ledger.waiting() == 50; }));
  clients[7]->reset();
  ASSERT_TRUE(server.eventually([&] { return server.gateway->connections() == 49; }));
  std::thread([&] { ledger.answer_all(); }).join();
  for (std::size_t i = 0; i < 50; ++i) {
    if (i == 7) continue;
    EXPECT_EQ(clients[i]->read_reply().body, std::to_string(i) + "/7/1");
  }
}

TEST(Pipeline, AnswersForAnotherRequestAreIgnored) {
  FakeLedger ledger;
  AnswerTo stale;
  Routes routes;
  routes.push_back(route(
      Method::post, "/buy", [&](Exchange& x) { ledger.take(x); }, Access::buyer, Body::own));
  routes.push_back(route(Method::get, "/full", [&](Exchange& x) {
    stale = x.await_answer([](Exchange&, const Answer&) { ADD_FAILURE() << "it was answered already"; });
    x.respond(error(503, "overloaded", "Full."));
  }));
  TestGateway server(std::move(routes));
  RawClient client(server);
  client.send(get("/full"));
  EXPECT_EQ(client.read_reply().status, 503);
  client.send("POST /buy HTTP/1.1\r\nHost: a\r\n" + bearer(kBuyerToken) + "Content-Length: 2\r\n\r\nab");
  ASSERT_TRUE(server.eventually([&] { return ledger.waiting() == 1; }));
  const AnswerSink::Item item{stale.token, {}};
  stale.sink->answers({&item, 1});
  EXPECT_TRUE(client.has_nothing_for(30));
  ledger.answer_all();
  EXPECT_EQ(client.read_reply().body, "2/7/1");
}

// --- drain ------------------------------------------------------------------------------------------------

TEST(Drain, FinishesWhatIsInFlightAndClosesTheIdle) {
  std::mutex mutex;
  std::vector<Later> waiting;
  Routes routes;
  routes.push_back(route(Method::get, "/later", [&](Exchange& x) {
    const std::lock_guard lock(mutex);
    waiting.push_back(x.later());
  }));
  routes.push_back(route(Method::get, "/echo", echo));
  TestGateway server(std::move(routes));
  RawClient idle(server);
  RawClient busy(server);
  busy.send(get("/later"));
  ASSERT_TRUE(server.eventually([&] {
    const std::lock_guard lock(mutex);
    return waiting.size() == 1;
  }));
  server.clock.advance(seconds(2));
  RawClient recent(server);
  recent.send(get("/echo"));
  EXPECT_NE(recent.read_reply().header("Connection"), "close");
  ASSERT_TRUE(server.eventually([&] { return server.gateway->connections() == 3; }));
  bool drained = false;
  std::thread drainer([&] { drained = server.gateway->drain(seconds(1)); });
  bool orderly = false;
  EXPECT_EQ(idle.read_all(&orderly), "");
  EXPECT_TRUE(orderly);
  idle.close();
  EXPECT_FALSE(RawClient(server).connected()) << "nobody is let in any more";
  recent.send(get("/echo"));
  EXPECT_EQ(recent.read_reply().header("Connection"), "close") << "told with its answer, not left without one";
  recent.close();
  {
    const std::lock_guard lock(mutex);
    waiting.front().respond(no_content());
  }
  const auto reply = busy.read_reply();
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.header("Connection"), "close");
  EXPECT_TRUE(busy.is_closed());
  busy.close();
  drainer.join();
  EXPECT_TRUE(drained);
}

TEST(Drain, GivesUpWhenTheTimeIsOver) {
  std::vector<Later> kept;
  Routes routes;
  routes.push_back(route(Method::get, "/never", [&](Exchange& x) { kept.push_back(x.later()); }));
  TestGateway server(std::move(routes));
  RawClient client(server);
  client.send(get("/never"));
  ASSERT_TRUE(server.eventually([&] { return server.gateway->connections() == 1; }));
  std::atomic<bool> done{false};
  std::thread clock([&] {
    while (!done) {
      server.clock.advance(milliseconds(100));
      ::poll(nullptr, 0, 1);
    }
  });
  EXPECT_FALSE(server.gateway->drain(seconds(1)));
  done = true;
  clock.join();
  server.gateway->stop();
}

}  // namespace
}  // namespace scalemart
