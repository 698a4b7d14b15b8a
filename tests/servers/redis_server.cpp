#include "tests/servers/redis_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "backend/redis/acl.hpp"

namespace scalemart::testing_servers {
namespace {

constexpr const char* kProgram = "/usr/bin/redis-server";

void wait_a_bit() {
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

bool eventually(std::chrono::seconds patience, const std::function<bool()>& what) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < until) {
    if (what()) return true;
    wait_a_bit();
  }
  return what();
}

std::string text_of(const redisReply* reply) {
  switch (reply->type) {
    case REDIS_REPLY_INTEGER:
      return std::to_string(reply->integer);
    case REDIS_REPLY_ERROR:
      return "(error) " + std::string(reply->str, static_cast<std::size_t>(reply->len));
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      return {reply->str, static_cast<std::size_t>(reply->len)};
    case REDIS_REPLY_ARRAY: {
      std::string all;
      for (std::size_t i = 0; i < reply->elements; ++i) all += (i == 0 ? "" : "\n") + text_of(reply->element[i]);
      return all;
    }
    default:
      return "(nil)";
  }
}

std::string run(redisContext* context, const std::vector<std::string>& command) {
  std::vector<const char*> arguments;
  std::vector<std::size_t> sizes;
  for (const std::string& word : command) {
    arguments.push_back(word.data());
    sizes.push_back(word.size());
  }
  auto* reply = static_cast<redisReply*>(
      redisCommandArgv(context, static_cast<int>(command.size()), arguments.data(), sizes.data()));
  if (reply == nullptr) return "(error) no answer";
  std::string text = text_of(reply);
  freeReplyObject(reply);
  return text;
}

}  // namespace

bool has_redis() {
  return access(kProgram, X_OK) == 0;
}

bool require_all() {
  const char* value = std::getenv("SCALEMART_REQUIRE_ALL");
  return value != nullptr && std::string(value) == "1";
}

std::uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no free port");
  close(fd);
  return ntohs(address.sin_port);
}

bool under_acl() {
  const char* value = std::getenv("SCALEMART_TEST_REDIS_ACL");
  return value != nullptr && std::string(value) == "1";
}

std::string place_of(const RedisServer& server) {
  return (under_acl() ? "scalemart:secret@127.0.0.1:" : "127.0.0.1:") + std::to_string(server.port());
}

std::string RedisServer::url() const {
  return "redis://" + place_of(*this);
}

RedisServer::RedisServer(std::vector<std::string> options) : options_(std::move(options)), port_(free_port()) {
  std::string pattern = testing::TempDir() + "scalemart_redis_XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no folder for redis-server");
  folder_ = pattern;
  start();
}

RedisServer::~RedisServer() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void RedisServer::start() {
  // A Sentinel keeps its state in its configuration file, which must be the first argument.
  std::vector<std::string> words{kProgram};
  const bool sentinel = !options_.empty() && options_.front() == "--sentinel";
  if (sentinel) {
    const std::string file = folder_ + "/sentinel.conf";
    if (!std::filesystem::exists(file)) {
      std::ofstream out(file);
      out << "port " << port_ << "\nbind 127.0.0.1\ndir " << folder_ << "\n";
      for (std::size_t i = 1; i < options_.size(); ++i) out << options_[i] << "\n";
    }
    words.insert(words.end(), {file, "--sentinel"});
  } else {
    words.insert(words.end(), {"--port", std::to_string(port_), "--bind", "127.0.0.1", "--dir", folder_, "--save", ""});
    words.insert(words.end(), options_.begin(), options_.end());
  }
  words.insert(words.end(), {"--logfile", folder_ + "/log"});
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    const int nothing = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; ++fd) dup2(nothing, fd);
    execv(kProgram, arguments.data());
    _exit(127);
  }
  const bool answers = eventually(std::chrono::seconds(20), [this] {
    const std::string answer = say({"PING"});
    return answer == "PONG" || answer.find("NOAUTH") != std::string::npos || answer.find("NOPERM") != std::string::npos;
  });
  if (!answers) throw std::runtime_error("redis-server does not start: see " + folder_ + "/log");
  if (under_acl() && !sentinel) be_strict();
}

/// What an operator has prepared: the shop's user with its rights, and the function library.
void RedisServer::be_strict() {
  std::vector<std::string> command{"ACL", "SETUSER", "scalemart", "reset", "on", redis::password_rule("secret")};
  std::istringstream rules(redis::shop_rules({}));
  for (std::string rule; rules >> rule;) command.push_back(rule);
  const std::string answer = say(command);
  if (answer != "OK" && answer.find("NOAUTH") == std::string::npos) throw std::runtime_error(answer);
  say({"FUNCTION", "LOAD", "REPLACE", redis::library_source()});
}

void RedisServer::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::kill(pid_, SIGCONT);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void RedisServer::freeze() {
  ::kill(pid_, SIGSTOP);
}

void RedisServer::thaw() {
  ::kill(pid_, SIGCONT);
}

std::string RedisServer::say(const std::vector<std::string>& command, const std::string& login) {
  redisContext* context = redisConnectWithTimeout("127.0.0.1", port_, timeval{2, 0});
  if (context == nullptr || context->err != 0) {
    if (context != nullptr) redisFree(context);
    return "(error) no connection";
  }
  redisSetTimeout(context, timeval{10, 0});
  std::string answer = "OK";
  if (!login.empty()) {
    const auto blank = login.find(' ');
    answer = run(context, {"AUTH", login.substr(0, blank), login.substr(blank + 1)});
  }
  if (answer == "OK") answer = run(context, command);
  redisFree(context);
  return answer;
}

bool RedisServer::wait_for(const std::vector<std::string>& command, const std::string& text) {
  return eventually(std::chrono::seconds(10), [&] { return say(command).find(text) != std::string::npos; });
}

// --- Sentinel

SentinelFleet::SentinelFleet() {
  const std::vector<std::string> fast{"--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"};
  servers.push_back(std::make_unique<RedisServer>(fast));
  const std::string port = std::to_string(servers[0]->port());
  for (int i = 0; i < 2; ++i) {
    std::vector<std::string> options = fast;
    options.insert(options.end(), {"--replicaof", "127.0.0.1 " + port});
    servers.push_back(std::make_unique<RedisServer>(options));
  }
  for (int i = 1; i < 3; ++i)
    if (!servers[static_cast<std::size_t>(i)]->wait_for({"INFO", "replication"}, "master_link_status:up"))
      throw std::runtime_error("a replica finds no master");
  for (int i = 0; i < 3; ++i)
    sentinels.push_back(std::make_unique<RedisServer>(
        std::vector<std::string>{"--sentinel", "sentinel monitor shop 127.0.0.1 " + port + " 2",
                                 "sentinel down-after-milliseconds shop 1000", "sentinel failover-timeout shop 4000"}));
  for (auto& sentinel : sentinels)
    if (!sentinel->wait_for({"INFO", "sentinel"}, "slaves=2,sentinels=3"))
      throw std::runtime_error("the Sentinels do not find each other");
}

std::string SentinelFleet::url() const {
  std::string url = "redis+sentinel://";
  if (under_acl()) url += "scalemart:secret@";
  for (const auto& sentinel : sentinels)
    url += (&sentinel == &sentinels[0] ? "127.0.0.1:" : ",127.0.0.1:") + std::to_string(sentinel->port());
  return url + "/shop";
}

RedisServer& SentinelFleet::master() {
  const std::string place = sentinels[2]->say({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", "shop"});
  for (auto& server : servers)
    if (place == "127.0.0.1\n" + std::to_string(server->port())) return *server;
  throw std::runtime_error("no master: " + place);
}

bool SentinelFleet::wait_for_failover(const RedisServer& old) {
  return eventually(std::chrono::seconds(30), [&] {
    RedisServer& now = master();
    return &now != &old && now.say({"ROLE"}).starts_with("master");
  });
}

// --- Cluster

RedisCluster::RedisCluster() {
  for (int i = 0; i < 3; ++i)
    nodes.push_back(std::make_unique<RedisServer>(std::vector<std::string>{
        "--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-port", std::to_string(free_port())}));
  constexpr int kSlots = 16384;
  for (int i = 0; i < 3; ++i) {
    const int first = kSlots * i / 3;
    const int last = kSlots * (i + 1) / 3 - 1;
    nodes[static_cast<std::size_t>(i)]->say({"CLUSTER", "ADDSLOTSRANGE", std::to_string(first), std::to_string(last)});
    nodes[static_cast<std::size_t>(i)]->say({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
  }
  for (int i = 1; i < 3; ++i) {
    RedisServer& node = *nodes[static_cast<std::size_t>(i)];
    const std::string bus = node.say({"CONFIG", "GET", "cluster-port"});
    nodes[0]->say({"CLUSTER", "MEET", "127.0.0.1", std::to_string(node.port()), bus.substr(bus.find('\n') + 1)});
  }
  for (auto& node : nodes)
    if (!node->wait_for({"CLUSTER", "INFO"}, "cluster_state:ok") ||
        !node->wait_for({"CLUSTER", "INFO"}, "cluster_slots_ok:16384"))
      throw std::runtime_error("the cluster does not form");
}

std::string RedisCluster::url() const {
  return "redis+cluster://" + place_of(*nodes[0]) + ",127.0.0.1:" + std::to_string(nodes[1]->port());
}

RedisServer& RedisCluster::owner(const std::string& key) {
  for (auto& node : nodes)
    if (node->say({"EXISTS", key}).find("MOVED") == std::string::npos) return *node;
  throw std::runtime_error("nobody has " + key);
}

std::string RedisCluster::id_of(RedisServer& node) {
  return node.say({"CLUSTER", "MYID"});
}

}  // namespace scalemart::testing_servers
