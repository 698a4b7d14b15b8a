// Live updates and the registry of processes, over a real Redis.
#include <gtest/gtest.h>

#include <condition_variable>

#include "backend/redis/live_updates.hpp"
#include "backend/redis/process_registry.hpp"
#include "tests/servers/redis_server.hpp"

namespace scalemart {
namespace {

using std::chrono::milliseconds;
using testing_servers::RedisServer;
constexpr milliseconds kWithin{2000};

class Heard final : public LiveSink {
 public:
  void stocks(std::span<const StockNews> news) noexcept override {
    note([&] { stocks_heard.insert(stocks_heard.end(), news.begin(), news.end()); });
  }
  void orders(std::span<const OrderNews> news) noexcept override {
    note([&] { orders_heard.insert(orders_heard.end(), news.begin(), news.end()); });
  }
  void terms(std::span<const ProductRef> products) noexcept override {
    note([&] { terms_heard.insert(terms_heard.end(), products.begin(), products.end()); });
  }
  void missed() noexcept override {
    note([&] { ++times_missed; });
  }
  template <class Until>
  bool wait(Until until) {
    std::unique_lock lock(mutex_);
    return pulse_.wait_for(lock, std::chrono::seconds(15), until);
  }
  std::vector<StockNews> stocks_heard;
  std::vector<OrderNews> orders_heard;
  std::vector<ProductRef> terms_heard;
  int times_missed = 0;

 private:
  template <class Note>
  void note(Note what) {
    const std::lock_guard lock(mutex_);
    what();
    pulse_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable pulse_;
};

class LiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SCALEMART_NEEDS_REDIS();
    server.emplace();
  }
  redis::Client client() { return std::move(*redis::Client::make(*redis::Address::parse(server->url()), clock)); }
  RedisLiveSettings settings(std::uint64_t process) {
    RedisLiveSettings s;
    s.process = process;
    s.every = milliseconds(10);
    s.orders_max = 100;
    return s;
  }
  StockNews stock(std::uint32_t product, Sequence sequence, std::int64_t available) {
    return {ProductRef{product}, {100, available, 100 - available, 0}, sequence};
  }
  SystemClock clock;
  std::optional<RedisServer> server;
  Heard heard;
};

TEST_F(LiveTest, OthersHearWhatOnePublishes) {
  RedisLiveReceiver receiver(client(), heard, clock, settings(2));
  receiver.start();
  ASSERT_TRUE(heard.wait([&] { return heard.times_missed == 1; })) << "a new process reads everything once";
  RedisLivePublisher publisher(client(), clock, settings(1));
  publisher.stock_changed(stock(7, 3, 40));
  publisher.stock_changed(stock(7, 5, 38));
  publisher.stock_changed(stock(7, 4, 39));
  publisher.order_changed({{1, 2}, OrderStatus::expired, StatusReason::hold_expired, {1'700'000'000'123}});
  publisher.terms_changed(ProductRef{9});
  publisher.terms_changed(ProductRef{9});
  ASSERT_TRUE(publisher.flush());
  ASSERT_TRUE(heard.wait([&] { return !heard.terms_heard.empty(); }));
  ASSERT_EQ(heard.stocks_heard.size(), 1u) << "only the latest";
  EXPECT_EQ(heard.stocks_heard[0].sequence, 5u);
  EXPECT_EQ(heard.stocks_heard[0].stock, (Stock{100, 38, 62, 0}));
  ASSERT_EQ(heard.orders_heard.size(), 1u);
  EXPECT_EQ(heard.orders_heard[0].order, (OrderId{1, 2}));
  EXPECT_EQ(heard.orders_heard[0].status, OrderStatus::expired);
  EXPECT_EQ(heard.orders_heard[0].reason, StatusReason::hold_expired);
  EXPECT_EQ(heard.orders_heard[0].at.ms, 1'700'000'000'123);
  EXPECT_EQ(heard.terms_heard, std::vector{ProductRef{9}});
  EXPECT_EQ(heard.times_missed, 1);
}

TEST_F(LiveTest, OneDoesNotHearItself) {
  RedisLiveReceiver receiver(client(), heard, clock, settings(1));
  receiver.start();
  ASSERT_TRUE(heard.wait([&] { return heard.times_missed == 1; }));
  RedisLivePublisher mine(client(), clock, settings(1)), other(client(), clock, settings(2));
  mine.stock_changed(stock(7, 3, 40));
  ASSERT_TRUE(mine.flush());
  other.stock_changed(stock(8, 1, 1));
  ASSERT_TRUE(other.flush());
  ASSERT_TRUE(heard.wait([&] { return !heard.stocks_heard.empty(); }));
  EXPECT_EQ(heard.stocks_heard[0].product, ProductRef{8});
}

TEST_F(LiveTest, TooMuchIsMissedAndNotKept) {
  RedisLiveReceiver receiver(client(), heard, clock, settings(2));
  receiver.start();
  ASSERT_TRUE(heard.wait([&] { return heard.times_missed == 1; }));
  RedisLivePublisher publisher(client(), clock, settings(1));
  for (std::uint64_t i = 1; i <= 150; ++i) publisher.order_changed({{1, i}, OrderStatus::confirmed, {}, {}});
  ASSERT_TRUE(publisher.flush());
  ASSERT_TRUE(heard.wait([&] { return heard.times_missed == 2; }));
  EXPECT_EQ(heard.orders_heard.size(), 100u);
}

TEST_F(LiveTest, RestartedRedisIsFoundAgainAndTheGapIsSeen) {
  RedisLiveReceiver receiver(client(), heard, clock, settings(2));
  receiver.start();
  ASSERT_TRUE(heard.wait([&] { return heard.times_missed == 1; }));
  RedisLivePublisher publisher(client(), clock, settings(1));
  publisher.stock_changed(stock(7, 3, 40));
  ASSERT_TRUE(publisher.flush());
  server->kill();
  publisher.stock_changed(stock(7, 4, 39));
  EXPECT_FALSE(publisher.flush());
  server->start();
  ASSERT_TRUE(heard.wait([&] { return heard.times_missed == 2; })) << "on its own: what is shown is read again";
  publisher.start();
  ASSERT_TRUE(heard.wait([&] {
    publisher.stock_changed(stock(7, 5, 38));
    return heard.stocks_heard.size() > 1 && heard.stocks_heard.back().sequence == 5;
  }));
  publisher.stop();
}

TEST_F(LiveTest, FrozenRedisIsGivenUp) {
  RedisLiveReceiver receiver(client(), heard, clock, settings(2));
  receiver.start();
  ASSERT_TRUE(heard.wait([&] { return heard.times_missed == 1; }));
  server->freeze();
  const SteadyTime until = clock.steady() + std::chrono::seconds(15);
  while (receiver.is_connected() && clock.steady() < until) std::this_thread::sleep_for(milliseconds(50));
  EXPECT_FALSE(receiver.is_connected());
  server->thaw();
  EXPECT_TRUE(heard.wait([&] { return heard.times_missed == 2; }));
}

TEST_F(LiveTest, SilenceIsNoReasonToGiveUp) {
  RedisLiveReceiver receiver(client(), heard, clock, settings(2));
  receiver.start();
  ASSERT_TRUE(heard.wait([&] { return heard.times_missed == 1; }));
  std::this_thread::sleep_for(milliseconds(7000));
  EXPECT_TRUE(receiver.is_connected());
  EXPECT_EQ(heard.times_missed, 1);
}

TEST_F(LiveTest, ClusterTellsAllOfIt) {
  testing_servers::RedisCluster cluster;
  const auto address = *redis::Address::parse(cluster.url());
  RedisLiveReceiver receiver(std::move(*redis::Client::make(address, clock)), heard, clock, settings(2));
  receiver.start();
  ASSERT_TRUE(heard.wait([&] { return heard.times_missed == 1; }));
  RedisLivePublisher publisher(std::move(*redis::Client::make(address, clock)), clock, settings(1));
  publisher.stock_changed(stock(7, 3, 40));
  ASSERT_TRUE(publisher.flush());
  EXPECT_TRUE(heard.wait([&] { return heard.stocks_heard.size() == 1; }));
}

TEST_F(LiveTest, RegistryKnowsWhoIsThereAndPassesWishesOn) {
  const redis::Keyspace keys;
  RedisRegistry one(client(), keys.workers()), two(client(), keys.workers()), gateways(client(), keys.gateways());
  EXPECT_FALSE(*two.wish("worker-1", "5", kWithin)) << "nobody of that name";
  EXPECT_FALSE(*one.beat("worker-1", "{\"n\":1}", milliseconds(60'000), kWithin));
  EXPECT_FALSE(*two.beat("worker-2", "{\"n\":2}", milliseconds(150), kWithin));
  ASSERT_EQ(two.list(kWithin)->size(), 2u);
  EXPECT_TRUE(gateways.list(kWithin)->empty());
  EXPECT_TRUE(*two.wish("worker-1", "5", kWithin));
  EXPECT_EQ(*one.beat("worker-1", "{\"n\":3}", milliseconds(60'000), kWithin), "5");
  std::this_thread::sleep_for(milliseconds(200));
  const auto left = one.list(kWithin);
  ASSERT_EQ(left->size(), 1u);
  EXPECT_EQ(left->at(0).name, "worker-1");
  EXPECT_EQ(left->at(0).view, "{\"n\":3}");
  server->kill();
  EXPECT_FALSE(one.list(kWithin));
}

}  // namespace
}  // namespace scalemart
