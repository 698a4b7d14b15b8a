#pragma once
// Live updates between processes, over publish/subscribe in Redis.

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "backend/redis/functions.hpp"
#include "port/live_updates.hpp"

namespace scalemart {

struct RedisLiveSettings {
  redis::Keyspace keys;
  std::uint64_t process = 0;  ///< By chance; a process does not hear itself.
  std::chrono::milliseconds every{50};
  std::chrono::milliseconds within{500};
  std::size_t orders_max = 20'000;  ///< Gathered at most.
};

/// Purpose: LivePublisher; one message every `every` while there is something to tell.
class RedisLivePublisher final : public LivePublisher {
 public:
  RedisLivePublisher(redis::Client client, const Clock& clock, RedisLiveSettings settings);
  ~RedisLivePublisher() override;
  void start();
  /// Sends what was gathered. Idempotent.
  void stop();
  /// Sends now, for tests that do not start(). False: it did not get through; what was gathered is lost, and the
  /// next message says so.
  bool flush();

  void stock_changed(const StockNews& news) noexcept override;
  void order_changed(const OrderNews& news) noexcept override;
  void terms_changed(ProductRef product) noexcept override;

 private:
  void run();
  [[nodiscard]] bool has_news() const { return !stocks_.empty() || !orders_.empty() || !terms_.empty() || lost_; }

  redis::Client client_;  ///< The thread's.
  const Clock& clock_;
  const RedisLiveSettings settings_;
  const std::string channel_;
  std::uint64_t number_ = 0;  ///< Of the message.

  std::mutex mutex_;  ///< Guards all below.
  std::condition_variable pulse_;
  std::map<ProductRef, StockNews> stocks_;
  std::vector<OrderNews> orders_;
  std::vector<ProductRef> terms_;
  bool lost_ = false;  ///< Something was dropped.
  bool stopping_ = false;
  std::thread thread_;
};

/// Purpose: hears what other processes publish and passes it on. Finds a new server when the old one is gone, asks
/// a silent one whether it is there, and notices what it missed.
class RedisLiveReceiver {
 public:
  RedisLiveReceiver(redis::Client client, LiveSink& sink, const Clock& clock, RedisLiveSettings settings);
  ~RedisLiveReceiver();
  void start();
  void stop();
  [[nodiscard]] bool is_connected() const noexcept { return connected_.load(); }

 private:
  void run();
  /// Until the connection is lost or the end is near.
  void listen(redis::Connection& connection);
  void receive(std::string_view message);
  void rest();

  redis::Client client_;  ///< The thread's.
  LiveSink& sink_;
  const Clock& clock_;
  const RedisLiveSettings settings_;
  const std::string channel_;
  std::unordered_map<std::uint64_t, std::uint64_t> heard_;  ///< The last message of each process.
  std::atomic<bool> connected_{false};

  std::mutex mutex_;
  std::condition_variable pulse_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace scalemart
