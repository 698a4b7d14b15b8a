// The client against real servers: who has the key, and what it says when nobody answers.
#include "backend/redis/client.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "backend/redis/slot.hpp"
#include "tests/servers/redis_server.hpp"

namespace scalemart::redis {
namespace {

using std::chrono::milliseconds;
using testing_servers::RedisCluster;
using testing_servers::RedisServer;
using testing_servers::SentinelFleet;

class RedisClientTest : public testing::Test {
 protected:
  Client client(const std::string& url) {
    auto address = Address::parse(url);
    EXPECT_TRUE(address) << url;
    auto made = Client::make(*address, clock_);
    EXPECT_TRUE(made);
    return std::move(*made);
  }
  SteadyTime in(milliseconds time) { return clock_.steady() + time; }
  std::chrono::nanoseconds took(const std::function<void()>& what) {
    const SteadyTime before = clock_.steady();
    what();
    return clock_.steady() - before;
  }
  /// Calls until it is answered: a server is left alone for a moment after it failed.
  Answered<Reply> persist(Client& client, const std::string& key, const Command& command) {
    for (const SteadyTime until = in(milliseconds(10'000));;) {
      auto reply = client.call(key, command, in(milliseconds(500)));
      if (reply || clock_.steady() > until) return reply;
      std::this_thread::sleep_for(milliseconds(20));
    }
  }

  SystemClock clock_;
};

TEST_F(RedisClientTest, AsksAndIsAnswered) {
  SCALEMART_NEEDS_REDIS();
  RedisServer server;
  Client c = client(server.url());
  const std::string bytes("\0\r\n$-1", 6);
  ASSERT_TRUE(c.call("k", {"SET", "k", bytes}, in(milliseconds(2000))));
  const auto got = c.call("k", {"GET", "k"}, in(milliseconds(2000)));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->value().text(), bytes);
  EXPECT_TRUE(c.call("x", {"GET", "x"}, in(milliseconds(2000)))->value().is_nil());
  const auto wrong = c.call("k", {"INCR", "k"}, in(milliseconds(2000)));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, Failure::Kind::refused);
  EXPECT_TRUE(c.call("k", {"GET", "k"}, in(milliseconds(2000)))) << "an error breaks nothing";
}

TEST_F(RedisClientTest, NobodyThereIsAwayAtOnce) {
  Client c = client("redis://127.0.0.1:" + std::to_string(testing_servers::free_port()));
  for (int i = 0; i < 3; ++i) {
    EXPECT_LT(took([&] {
                const auto reply = c.call("k", {"GET", "k"}, in(milliseconds(2000)));
                ASSERT_FALSE(reply);
                EXPECT_EQ(reply.error().kind, Failure::Kind::away);
                EXPECT_NE(reply.error().why.find("refused"), std::string::npos) << reply.error().why;
              }),
              milliseconds(1000));
  }
}

TEST_F(RedisClientTest, FrozenServerCostsOneDeadlineAndIsThenLeftAlone) {
  SCALEMART_NEEDS_REDIS();
  RedisServer server;
  Client c = client(server.url());
  ASSERT_TRUE(c.call("k", {"SET", "k", "1"}, in(milliseconds(2000))));
  server.freeze();
  const auto first = took([&] {
    const auto reply = c.call("k", {"INCR", "k"}, in(milliseconds(300)));
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, Failure::Kind::unknown) << "it may still do it";
  });
  EXPECT_GE(first, milliseconds(300));
  EXPECT_LT(first, milliseconds(2000));
  const auto second = took([&] {
    const auto reply = c.call("k", {"INCR", "k"}, in(milliseconds(300)));
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, Failure::Kind::away) << "not sent";
  });
  EXPECT_LT(second, milliseconds(100));
  server.thaw();
  const auto got = persist(c, "k", {"GET", "k"});
  ASSERT_TRUE(got);
  EXPECT_EQ(got->value().text(), "2") << "the late answer of INCR was not taken for this one's";
}

TEST_F(RedisClientTest, SlowServerIsWaitedForUntilTheDeadline) {
  SCALEMART_NEEDS_REDIS();
  RedisServer server({"--enable-debug-command", "yes"});
  Client c = client(server.url());
  EXPECT_TRUE(c.call("k", {"DEBUG", "SLEEP", "0.2"}, in(milliseconds(5000))));
  const auto late = c.call("k", {"DEBUG", "SLEEP", "0.4"}, in(milliseconds(100)));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, Failure::Kind::unknown);
}

TEST_F(RedisClientTest, RestartIsNoticedBeforeACommandIsSentIntoTheVoid) {
  SCALEMART_NEEDS_REDIS();
  RedisServer server;
  Client c = client(server.url());
  ASSERT_TRUE(c.call("k", {"SET", "k", "1"}, in(milliseconds(2000))));
  server.kill();
  server.start();
  const auto got = c.call("k", {"GET", "k"}, in(milliseconds(2000)));
  ASSERT_TRUE(got) << got.error().why;
  EXPECT_TRUE(got->value().is_nil());
}

TEST_F(RedisClientTest, IdentityChangesWithEveryStart) {
  SCALEMART_NEEDS_REDIS();
  RedisServer server;
  Client c = client(server.url());
  const auto first = c.call("k", {"ECHO", kServerIdentity}, in(milliseconds(2000)));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->value().text().size(), 40u);
  server.kill();
  server.start();
  const auto second = c.call("k", {"ECHO", kServerIdentity}, in(milliseconds(2000)));
  ASSERT_TRUE(second);
  EXPECT_NE(first->value().text(), second->value().text());
}

TEST_F(RedisClientTest, WrongPasswordSaysSo) {
  SCALEMART_NEEDS_REDIS();
  RedisServer server({"--requirepass", "right"});
  const std::string place = "127.0.0.1:" + std::to_string(server.port());
  Client good = client("redis://:right@" + place);
  EXPECT_TRUE(good.call("k", {"GET", "k"}, in(milliseconds(2000))));
  Client bad = client("redis://:wrong@" + place);
  const auto refused = bad.call("k", {"GET", "k"}, in(milliseconds(2000)));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().why.find("WRONGPASS"), std::string::npos) << refused.error().why;
  EXPECT_EQ(refused.error().why.find("wrong"), std::string::npos) << "a password is not repeated";
  Client none = client("redis://" + place);
  const auto unknown = none.call("k", {"GET", "k"}, in(milliseconds(2000)));
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().why.find("NOAUTH"), std::string::npos);
}

TEST_F(RedisClientTest, TlsIsVerified) {
  SCALEMART_NEEDS_REDIS();
  RedisServer plain;
  const std::string f = plain.folder();
  const std::string make =
      "cd " + f +
      " && openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=ca "
      "2>/dev/null && openssl req -newkey rsa:2048 -nodes -keyout s.key -out s.csr -subj /CN=127.0.0.1 2>/dev/null && "
      "printf 'subjectAltName=IP:127.0.0.1' > ext && openssl x509 -req -in s.csr -CA ca.crt -CAkey ca.key "
      "-CAcreateserial -out s.crt -days 2 -extfile ext 2>/dev/null";
  ASSERT_EQ(std::system(make.c_str()), 0);
  const std::uint16_t port = testing_servers::free_port();
  RedisServer server({"--tls-port", std::to_string(port), "--tls-cert-file", f + "/s.crt", "--tls-key-file",
                      f + "/s.key", "--tls-ca-cert-file", f + "/ca.crt", "--tls-auth-clients", "no"});
  const std::string place = "127.0.0.1:" + std::to_string(port);
  Client good = client("rediss://" + place + "?ca=" + f + "/ca.crt");
  const std::string large(300'000, 'x');
  auto reply = good.call("k", {"SET", "k", large}, in(milliseconds(5000)));
  ASSERT_TRUE(reply) << reply.error().why;
  EXPECT_EQ(good.call("k", {"GET", "k"}, in(milliseconds(5000)))->value().text(), large);
  Client stranger = client("rediss://" + place);
  reply = stranger.call("k", {"GET", "k"}, in(milliseconds(5000)));
  ASSERT_FALSE(reply);
  EXPECT_NE(reply.error().why.find("not trusted"), std::string::npos) << reply.error().why;
  Client misnamed = client("rediss://localhost:" + std::to_string(port) + "?ca=" + f + "/ca.crt");
  EXPECT_FALSE(misnamed.call("k", {"GET", "k"}, in(milliseconds(5000))));
  Client not_tls = client("rediss://127.0.0.1:" + std::to_string(server.port()) + "?ca=" + f + "/ca.crt");
  EXPECT_FALSE(not_tls.call("k", {"GET", "k"}, in(milliseconds(2000))));
}

TEST_F(RedisClientTest, SentinelsFailOverAndTheClientFollows) {
  SCALEMART_NEEDS_REDIS();
  SentinelFleet fleet;
  Client c = client(fleet.url());
  ASSERT_TRUE(persist(c, "k", {"SET", "k", "1"}));
  const auto before = c.call("k", {"ECHO", kServerIdentity}, in(milliseconds(1000)));
  ASSERT_TRUE(before);
  RedisServer& old = fleet.master();
  old.kill();
  const auto lost = c.call("k", {"GET", "k"}, in(milliseconds(500)));
  EXPECT_FALSE(lost);
  ASSERT_TRUE(fleet.wait_for_failover(old));
  const auto got = persist(c, "k", {"GET", "k"});
  ASSERT_TRUE(got) << got.error().why;
  EXPECT_EQ(got->value().text(), "1");
  const auto after = c.call("k", {"ECHO", kServerIdentity}, in(milliseconds(1000)));
  ASSERT_TRUE(after);
  EXPECT_NE(before->value().text(), after->value().text());
  // The old master comes back as a replica, and nobody writes to it.
  old.start();
  EXPECT_TRUE(persist(c, "k", {"SET", "k", "2"}));
}

TEST_F(RedisClientTest, SentinelsFailOverFromAFrozenMasterThatWakesUp) {
  SCALEMART_NEEDS_REDIS();
  SentinelFleet fleet;
  Client c = client(fleet.url());
  ASSERT_TRUE(persist(c, "k", {"SET", "k", "1"}));
  RedisServer& old = fleet.master();
  old.freeze();
  ASSERT_TRUE(fleet.wait_for_failover(old));
  old.thaw();
  // Until the Sentinels reach it, the old master believes itself and takes writes that will be lost: why Redis
  // decides nothing here. Then the client is with the new one.
  RedisServer& now = fleet.master();
  ASSERT_NE(&now, &old);
  bool arrived = false;
  for (const SteadyTime until = in(milliseconds(20'000)); !arrived && clock_.steady() < until;) {
    ASSERT_TRUE(persist(c, "k", {"SET", "k", "here"}));
    arrived = now.say({"GET", "k"}) == "here";
    std::this_thread::sleep_for(milliseconds(50));
  }
  EXPECT_TRUE(arrived);
}

TEST_F(RedisClientTest, SentinelsThatDoNotKnowTheMasterAreNamed) {
  SCALEMART_NEEDS_REDIS();
  RedisServer sentinel({"--sentinel"});
  Client c = client("redis+sentinel://127.0.0.1:" + std::to_string(sentinel.port()) + "/elsewhere");
  const auto reply = c.call("k", {"GET", "k"}, in(milliseconds(1000)));
  ASSERT_FALSE(reply);
  EXPECT_NE(reply.error().why.find("no Sentinel names a master \"elsewhere\""), std::string::npos) << reply.error().why;
}

TEST_F(RedisClientTest, ClusterRoutesFollowsMovedAndAsk) {
  SCALEMART_NEEDS_REDIS();
  RedisCluster cluster;
  Client c = client(cluster.url());
  for (int i = 0; i < 50; ++i) {
    const std::string key = "key:" + std::to_string(i);
    const auto set = c.call(key, {"SET", key, "v"}, in(milliseconds(2000)));
    ASSERT_TRUE(set) << set.error().why;
  }
  // A slot on its way: what is not in the old place any more is asked for in the new one.
  const std::string key = "{moving}";
  const std::string slot = std::to_string(slot_of(key));
  RedisServer& from = cluster.owner(key);
  RedisServer& to = &from == cluster.nodes[0].get() ? *cluster.nodes[1] : *cluster.nodes[0];
  ASSERT_EQ(to.say({"CLUSTER", "SETSLOT", slot, "IMPORTING", cluster.id_of(from)}), "OK");
  ASSERT_EQ(from.say({"CLUSTER", "SETSLOT", slot, "MIGRATING", cluster.id_of(to)}), "OK");
  const auto asked = c.call(key, {"SET", key + "new", "there"}, in(milliseconds(2000)));
  ASSERT_TRUE(asked) << asked.error().why;
  EXPECT_NE(from.say({"GET", key + "new"}).find("ASK"), std::string::npos);
  // Arrived: MOVED.
  for (auto& node : cluster.nodes) ASSERT_EQ(node->say({"CLUSTER", "SETSLOT", slot, "NODE", cluster.id_of(to)}), "OK");
  const auto moved = c.call(key, {"GET", key + "new"}, in(milliseconds(2000)));
  ASSERT_TRUE(moved) << moved.error().why;
  EXPECT_EQ(moved->value().text(), "there");
  EXPECT_TRUE(c.call(key, {"GET", key + "new"}, in(milliseconds(2000))));
}

TEST_F(RedisClientTest, ClusterLosesOneNodeAndKeepsTheOthers) {
  SCALEMART_NEEDS_REDIS();
  RedisCluster cluster;
  Client c = client(cluster.url());
  ASSERT_TRUE(c.call("a", {"SET", "a", "1"}, in(milliseconds(2000))));
  RedisServer& lost = cluster.owner("a");
  lost.kill();
  EXPECT_LT(took([&] { EXPECT_FALSE(c.call("a", {"GET", "a"}, in(milliseconds(1000)))); }), milliseconds(1500));
  lost.start();
  const auto back = persist(c, "a", {"GET", "a"});
  EXPECT_TRUE(back) << back.error().why;
}

}  // namespace
}  // namespace scalemart::redis
