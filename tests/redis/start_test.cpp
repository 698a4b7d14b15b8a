// What stops a start: one line each, with what to do. And what the shop's user may do: this, and nothing else.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "backend/redis/acl.hpp"
#include "backend/redis/server_check.hpp"
#include "backend/redis/stock_filter.hpp"
#include "tests/servers/redis_server.hpp"

namespace scalemart::redis {
namespace {

using std::chrono::milliseconds;
using testing_servers::RedisServer;

const SystemClock system_clock;

/// A machine whose wall clock is off.
class WrongClock final : public Clock {
 public:
  explicit WrongClock(milliseconds off) : off_(off) {}
  [[nodiscard]] SteadyTime steady() const noexcept override { return system_clock.steady(); }
  [[nodiscard]] WallTime wall() const noexcept override { return system_clock.wall() + off_; }

 private:
  const milliseconds off_;
};

/// Empty: it is good.
std::string fault_of(const std::string& url, milliseconds within = milliseconds(3000),
                     const Clock& clock = system_clock) {
  const auto address = Address::parse(url);
  EXPECT_TRUE(address);
  Functions functions(std::move(*Client::make(*address, clock)));
  const auto checked = check_servers(functions, {}, within);
  const std::string line = checked ? "" : checked.error().message;
  EXPECT_EQ(line.find('\n'), std::string::npos);
  return line;
}

void expect_words(const std::string& line, std::initializer_list<const char*> words) {
  for (const char* word : words) EXPECT_NE(line.find(word), std::string::npos) << "\"" << word << "\" in: " << line;
}

std::string text_of(const std::string& path) {
  std::ifstream file(std::string(SCALEMART_SOURCE_DIR) + "/" + path);
  std::stringstream all;
  all << file.rdbuf();
  return all.str();
}

std::string place(const RedisServer& server) {
  return "127.0.0.1:" + std::to_string(server.port());
}

class RedisStartTest : public ::testing::Test {
 protected:
  void SetUp() override { SCALEMART_NEEDS_REDIS(); }
  static void grant(RedisServer& server, const std::string& user, const std::string& rules) {
    std::vector<std::string> command{"ACL", "SETUSER", user, "reset", "on", password_rule("secret")};
    std::istringstream words(rules);
    for (std::string word; words >> word;) command.push_back(word);
    ASSERT_EQ(server.say(command), "OK");
  }
};

TEST_F(RedisStartTest, ProcessesThatStartTogetherDoNotDisturbEachOther) {
  RedisServer server;
  std::vector<std::string> faults(8);
  std::vector<std::thread> processes;
  for (std::string& fault : faults)
    processes.emplace_back([&fault, &server] {
      for (int i = 0; i < 5 && fault.empty(); ++i) fault = fault_of("redis://" + place(server));
    });
  for (std::thread& process : processes) process.join();
  EXPECT_EQ(faults, std::vector<std::string>(8));
  EXPECT_TRUE(server.wait_for({"DBSIZE"}, "0")) << "they leave nothing behind: " << server.say({"KEYS", "*"});
}

TEST_F(RedisStartTest, GoodServerGetsItsFunctions) {
  RedisServer server;
  EXPECT_EQ(fault_of("redis://" + place(server)), "");
  EXPECT_NE(server.say({"FUNCTION", "LIST"}).find("scalemart_v1"), std::string::npos);
  EXPECT_EQ(fault_of("redis://" + place(server)), "") << "and again";
  EXPECT_TRUE(server.wait_for({"DBSIZE"}, "0")) << "it leaves nothing behind: " << server.say({"KEYS", "*"});
}

TEST_F(RedisStartTest, NobodyThere) {
  expect_words(fault_of("redis://127.0.0.1:" + std::to_string(testing_servers::free_port())),
               {"Redis redis://127.0.0.1", "refused"});
}

TEST_F(RedisStartTest, FrozenServerIsGivenUpInTime) {
  RedisServer server;
  server.freeze();
  const SteadyTime before = system_clock.steady();
  expect_words(fault_of("redis://" + place(server), milliseconds(400)), {"no answer in time"});
  EXPECT_LT(system_clock.steady() - before, std::chrono::seconds(3));
}

TEST_F(RedisStartTest, WrongPassword) {
  RedisServer server({"--requirepass", "right"});
  const std::string line = fault_of("redis://:false@" + place(server));
  expect_words(line, {"WRONGPASS"});
  EXPECT_EQ(line.find("false"), std::string::npos);
  expect_words(fault_of("redis://" + place(server)), {"NOAUTH"});
}

TEST_F(RedisStartTest, ClockOfThisMachine) {
  RedisServer server;
  const std::string url = "redis://" + place(server);
  // Twice as much between them as one of them may be off.
  for (const int off : {-4000, 4000}) EXPECT_EQ(fault_of(url, milliseconds(3000), WrongClock(milliseconds(off))), "");
  expect_words(fault_of(url, milliseconds(3000), WrongClock(std::chrono::minutes(11))),
               {"this machine's clock is 6", " s ahead of that of Redis", "chrony"});
  expect_words(fault_of(url, milliseconds(3000), WrongClock(-std::chrono::minutes(11))), {" s behind that of Redis"});
}

TEST_F(RedisStartTest, EvictionPolicy) {
  RedisServer server({"--maxmemory-policy", "allkeys-lru"});
  expect_words(fault_of("redis://" + place(server)),
               {"maxmemory-policy is allkeys-lru", "CONFIG SET maxmemory-policy noeviction", "redis.conf"});
}

TEST_F(RedisStartTest, OldVersion) {
  // A server that is 6.2 for everybody who asks.
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::thread old([listener] {
    const int fd = accept(listener, nullptr, nullptr);
    char buffer[4096];
    const std::string info =
        "# Server\r\nredis_version:6.2.14\r\nrun_id:0123\r\nmaxmemory_policy:noeviction\r\nrole:master\r\n";
    const std::string reply = "$" + std::to_string(info.size()) + "\r\n" + info + "\r\n";
    while (recv(fd, buffer, sizeof(buffer), 0) > 0)
      if (send(fd, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) break;
    close(fd);
  });
  expect_words(fault_of("redis://127.0.0.1:" + std::to_string(ntohs(address.sin_port))),
               {"Redis 6.2.14 is too old", "7.0"});
  old.join();
  close(listener);
}

TEST_F(RedisStartTest, SentinelsAndClusterAreCheckedAtEveryMaster) {
  testing_servers::RedisCluster cluster;
  EXPECT_EQ(fault_of(cluster.url()), "");
  for (auto& node : cluster.nodes) EXPECT_NE(node->say({"FUNCTION", "LIST"}).find("scalemart_v1"), std::string::npos);
  cluster.nodes[2]->say({"CONFIG", "SET", "maxmemory-policy", "volatile-ttl"});
  expect_words(fault_of(cluster.url()), {"volatile-ttl", place(*cluster.nodes[2]).c_str()});
  testing_servers::SentinelFleet fleet;
  EXPECT_EQ(fault_of(fleet.url()), "");
  expect_words(fault_of(fleet.url().substr(0, fleet.url().rfind('/')) + "/other"), {"no Sentinel", "other"});
}

TEST_F(RedisStartTest, EachMissingRightIsNamed) {
  RedisServer server;
  ASSERT_EQ(fault_of("redis://" + place(server)), "");
  const std::string url = "redis://shop:secret@" + place(server);
  const std::string rules = shop_rules({});
  grant(server, "shop", rules);
  ASSERT_EQ(fault_of(url), "");
  // Without any single one of the rights the start says so.
  std::istringstream words(rules);
  for (std::string right; words >> right;) {
    if (!right.starts_with("+")) continue;
    // Only for other addresses than this one; unsubscribing needs no right of its own here.
    if (right == "+asking" || right == "+cluster|slots" || right == "+select" || right == "+ping" ||
        right == "+unsubscribe")
      continue;
    std::string less = rules;
    less.erase(less.find(" " + right), right.size() + 1);
    if (less.find(" " + right + "|") != std::string::npos) continue;
    grant(server, "shop", less);
    const std::string line = fault_of(url);
    EXPECT_FALSE(line.empty()) << "nobody misses " << right;
    expect_words(line, {"deploy/redis/users.acl"});
  }
  grant(server, "shop", rules + " resetkeys ~elsewhere:*");
  expect_words(fault_of(url), {"deploy/redis/users.acl"});
  grant(server, "shop", rules + " resetchannels &elsewhere");
  expect_words(fault_of(url), {"deploy/redis/users.acl"});
}

TEST_F(RedisStartTest, MissingLibraryThatTheUserMayNotLoad) {
  RedisServer server;
  grant(server, "shop", shop_rules({}));
  grant(server, "setup", setup_rules({}));
  expect_words(fault_of("redis://shop:secret@" + place(server)),
               {"function library scalemart_v1", "may not load it", "administrator's user"});
  Functions setup(std::move(*Client::make(*Address::parse("redis://setup:secret@" + place(server)), system_clock)));
  const auto loaded = setup.client().each_master(
      [](Connection& master) { return ensure_library(master, system_clock.steady() + milliseconds(2000)); },
      system_clock.steady() + milliseconds(2000));
  ASSERT_TRUE(loaded) << loaded.error().why;
  EXPECT_EQ(fault_of("redis://shop:secret@" + place(server)), "");
}

// --- the ACL

TEST_F(RedisStartTest, UsersMayDoNothingElse) {
  RedisServer server({"--enable-debug-command", "yes"});
  ASSERT_EQ(fault_of("redis://" + place(server)), "");
  grant(server, "shop", shop_rules({}));
  server.say({"SET", "secret", "1"});
  const std::vector<std::vector<std::string>> forbidden = {
      {"EVAL", "return 1", "0"},
      {"EVALSHA", "abc", "0"},
      {"SCRIPT", "LOAD", "return 1"},
      {"KEYS", "*"},
      {"SCAN", "0"},
      {"RANDOMKEY"},
      {"FLUSHALL"},
      {"FLUSHDB"},
      {"SWAPDB", "0", "1"},
      {"CONFIG", "GET", "*"},
      {"CONFIG", "SET", "maxmemory", "1"},
      {"FUNCTION", "LOAD", "REPLACE", library_source()},
      {"FUNCTION", "DELETE", "scalemart_v1"},
      {"FUNCTION", "FLUSH"},
      {"FUNCTION", "DUMP"},
      {"FUNCTION", "LIST"},
      {"DEBUG", "SLEEP", "0"},
      {"SHUTDOWN"},
      {"SAVE"},
      {"BGSAVE"},
      {"BGREWRITEAOF"},
      {"REPLICAOF", "NO", "ONE"},
      {"MONITOR"},
      {"MODULE", "LIST"},
      {"ACL", "LIST"},
      {"ACL", "SETUSER", "x"},
      {"CLIENT", "LIST"},
      {"CLIENT", "KILL", "ID", "1"},
      {"RESTORE", "scalemart:x", "0", "x"},
      {"DUMP", "scalemart:{p0}:state"},
      {"MIGRATE", "h", "1", "scalemart:x", "0", "1"},
      {"RENAME", "scalemart:a", "scalemart:b"},
      {"GET", "secret"},
      {"SET", "secret", "2"},
      {"DEL", "secret"},
      {"MGET", "secret"},
      {"HSET", "secret", "a", "b"},
      {"PUBLISH", "elsewhere", "x"},
      {"SUBSCRIBE", "elsewhere"},
      {"PSUBSCRIBE", "*"},
      {"MULTI"},
      {"WAIT", "1", "1"},
      {"XGROUP", "DESTROY", "scalemart:{p0}:sale", "workers"},
      {"XTRIM", "scalemart:{p0}:sale", "MAXLEN", "0"},
      {"LATENCY", "DOCTOR"},
      {"SLOWLOG", "GET"},
      {"MEMORY", "DOCTOR"},
      {"CLUSTER", "INFO"},
      {"FAILOVER"},
      {"SORT", "scalemart:{p0}:x"},
      {"OBJECT", "FREQ", "secret"},
      {"GETDEL", "secret"},
      {"COPY", "secret", "scalemart:x"},
      {"FCALL", "scalemart_v1_hello", "0"},
      {"FCALL_RO", "scalemart_v1_look", "1", "scalemart:{p0}", "sale"},
      {"FCALL", "scalemart_v1_screen", "1", "elsewhere:{p0}", "", "0", "", ""}};
  for (const auto& command : forbidden) {
    std::string words;
    for (const std::string& word : command) words += word.substr(0, 30) + " ";
    const std::string answer = server.say(command, "shop secret");
    EXPECT_TRUE(answer.starts_with("(error) NOPERM")) << words << "-> " << answer;
  }
  EXPECT_EQ(server.say({"GET", "secret"}), "1");
}

TEST_F(RedisStartTest, FileOfUsersIsTheOneThatIsTested) {
  EXPECT_EQ(text_of("deploy/redis/users.acl"), acl_file({})) << acl_file({});
  // Redis takes it, and nobody comes in before the operator has set passwords.
  RedisServer server({"--aclfile", std::string(SCALEMART_SOURCE_DIR) + "/deploy/redis/users.acl"});
  EXPECT_TRUE(server.say({"PING"}).starts_with("(error)"));
  for (const char* user : {"default", "scalemart", "scalemart-setup", "replica", "sentinel"})
    EXPECT_TRUE(server.say({"PING"}, std::string(user) + " x").starts_with("(error) WRONGPASS")) << user;
}

TEST(RedisLibraryTest, EveryCommandOfTheLibraryIsAllowedAndNoOther) {
  const std::string lua = text_of("src/backend/redis/scalemart.lua");
  std::set<std::string> used;
  const std::regex call(R"((?:call(?:_many)?\(|with_group\(stream, )'([A-Z]+)')");
  for (std::sregex_iterator at(lua.begin(), lua.end(), call), end; at != end; ++at) {
    std::string name = (*at)[1];
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    used.insert(name == "xgroup" ? "xgroup|create" : name);
  }
  const std::set<std::string> allowed(commands_of_functions().begin(), commands_of_functions().end());
  EXPECT_EQ(used, allowed);
  std::set<std::string> offered;
  const std::regex offer(R"(\noffer\('([a-z_]+)')");
  for (std::sregex_iterator at(lua.begin(), lua.end(), offer), end; at != end; ++at) offered.insert((*at)[1]);
  EXPECT_EQ(offered, std::set<std::string>(function_names().begin(), function_names().end()));
}

TEST(RedisLibraryTest, ChangedLibraryHasANewVersion) {
  // A library that does something else under the same name would be replaced under running programs. A change within
  // one version, between two releases, is written here.
  EXPECT_EQ(kLibrary, "scalemart_v1");
  EXPECT_EQ(library_digest() + "\n", text_of("tests/golden/redis_library.txt")) << "see docs/testing.md";
}

}  // namespace
}  // namespace scalemart::redis
