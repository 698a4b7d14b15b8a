#pragma once
// Real Redis servers for tests: on loopback, free ports, folders of their own, stopped by their process id.

#include <gtest/gtest.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace scalemart::testing_servers {

/// Whether Debian's redis-server is here. Without it a test says so and is skipped, or fails when
/// SCALEMART_REQUIRE_ALL is set.
[[nodiscard]] bool has_redis();
[[nodiscard]] bool require_all();

#define SCALEMART_NEEDS_REDIS()                                                     \
  do {                                                                              \
    if (::scalemart::testing_servers::has_redis()) break;                           \
    ASSERT_FALSE(::scalemart::testing_servers::require_all()) << "no redis-server"; \
    GTEST_SKIP() << "SKIPPED: redis-server is not installed";                       \
  } while (false)

[[nodiscard]] std::uint16_t free_port();

/// SCALEMART_TEST_REDIS_ACL=1: URLs are those of the user `scalemart` with the rights of deploy/redis/users.acl and no
/// others, and the function library is there already.
[[nodiscard]] bool under_acl();

/// One redis-server. Killed when this ends, and with the test's process.
class RedisServer {
 public:
  /// `options` as on its command line: {"--maxmemory", "10mb"}. Waits until it answers.
  explicit RedisServer(std::vector<std::string> options = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const;
  [[nodiscard]] const std::string& folder() const { return folder_; }

  void kill();    ///< kill -9
  void start();   ///< Again, on the same port and folder.
  void freeze();  ///< SIGSTOP
  void thaw();
  /// As the default user, who may do everything. The answer as text, arrays joined by newlines;
  /// "(error) ..." for an error. `login`: "user password" to say it as another user.
  std::string say(const std::vector<std::string>& command, const std::string& login = {});
  /// The same until the answer contains `text`, for ten seconds. False: it never did.
  [[nodiscard]] bool wait_for(const std::vector<std::string>& command, const std::string& text);

 private:
  void be_strict();

  std::vector<std::string> options_;
  std::string folder_;
  std::uint16_t port_;
  pid_t pid_ = -1;
};

/// A master, two replicas, three Sentinels, which fail over after about a second.
class SentinelFleet {
 public:
  SentinelFleet();
  [[nodiscard]] std::string url() const;  ///< redis+sentinel://...
  /// The one that the Sentinels call the master.
  [[nodiscard]] RedisServer& master();
  /// Waits until another one than `old` is the master, 30 seconds at most.
  [[nodiscard]] bool wait_for_failover(const RedisServer& old);

  std::vector<std::unique_ptr<RedisServer>> servers;
  std::vector<std::unique_ptr<RedisServer>> sentinels;
};

/// Three masters that share the slots.
class RedisCluster {
 public:
  RedisCluster();
  [[nodiscard]] std::string url() const;  ///< redis+cluster://...
  /// The node that has the key's slot now.
  [[nodiscard]] RedisServer& owner(const std::string& key);
  [[nodiscard]] std::string id_of(RedisServer& node);

  std::vector<std::unique_ptr<RedisServer>> nodes;
};

}  // namespace scalemart::testing_servers
