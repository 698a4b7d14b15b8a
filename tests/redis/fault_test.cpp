// Gateways that sell through a filter while Redis dies, freezes, forgets, is full or slow. Whatever happens: no unit
// is sold twice, no yes is lost, every answer comes in time, and when Redis is back every unit that is left is sold.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "backend/redis/stock_filter.hpp"
#include "sequencer/ledger_record.hpp"
#include "sequencer/shared_ledger.hpp"
#include "tests/servers/redis_server.hpp"

namespace scalemart {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing_servers::RedisServer;

constexpr std::uint32_t kPartitions = 2;
constexpr milliseconds kFilterWithin{150};

/// Waits for one answer.
class OneAnswer final : public AnswerSink {
 public:
  void answers(std::span<const Item> items) noexcept override {
    const std::lock_guard lock(mutex_);
    answer_ = items.front().answer;
    pulse_.notify_all();
  }
  std::optional<Answer> wait(std::chrono::nanoseconds patience) {
    std::unique_lock lock(mutex_);
    pulse_.wait_for(lock, patience, [this] { return answer_.has_value(); });
    return std::exchange(answer_, std::nullopt);
  }

 private:
  std::mutex mutex_;
  std::condition_variable pulse_;
  std::optional<Answer> answer_;
};

/// A few gateways over one record, and buyers who never stop.
class Sale {
 public:
  Sale(const std::string& url, std::int64_t total, bool sell_without_filter = false) : total_(total) {
    for (std::uint32_t i = 0; i < kPartitions; ++i) {
      auto spec = std::make_shared<ProductSpec>();
      spec->id = "p" + std::to_string(i);
      spec->details.name = spec->id;
      const Command create = CreateProduct{spec, total};
      EXPECT_EQ(record.commit({&create, 1}, clock.wall(), seconds(1)).answers.at(0).outcome, Outcome::done);
    }
    for (int i = 0; i < 3; ++i) {
      Gateway& gateway = gateways_.emplace_back();
      RedisFilterSettings settings;
      settings.partitions = kPartitions;
      settings.key_words = 1u << 12;
      gateway.filter = std::move(*RedisStockFilter::make(*redis::Address::parse(url), clock, random_, settings));
      SharedLedger::Options options;
      options.partitions = kPartitions;
      options.lane.filter_within = kFilterWithin;
      options.lane.sell_without_filter = sell_without_filter;
      gateway.ledger = std::make_unique<SharedLedger>(
          record, gateway.filter.get(), [this] { return clock.wall(); }, clock, options);
      gateway.ledger->start();
    }
    for (std::size_t i = 0; i < kBuyers; ++i) buyers_.emplace_back([this, i] { buy(i); });
    refresher_ = std::thread([this] { refresh(); });
  }
  ~Sale() { stop(); }

  void run(milliseconds time) { std::this_thread::sleep_for(time); }
  /// Until something was sold after now.
  [[nodiscard]] bool sells_again(seconds patience = seconds(20)) { return sells_beyond(sold, patience); }
  [[nodiscard]] bool sells_beyond(std::uint64_t before, seconds patience = seconds(20)) {
    const SteadyTime until = clock.steady() + patience;
    while (sold == before && clock.steady() < until) run(milliseconds(10));
    return sold > before;
  }
  [[nodiscard]] bool sells_out(seconds patience = seconds(40)) {
    const SteadyTime until = clock.steady() + patience;
    while (sold < static_cast<std::uint64_t>(total_) * kPartitions && clock.steady() < until) run(milliseconds(10));
    return sold == static_cast<std::uint64_t>(total_) * kPartitions;
  }
  void stop() {
    stopping_ = true;
    for (std::thread& buyer : buyers_) buyer.join();
    buyers_.clear();
    if (refresher_.joinable()) refresher_.join();
    for (Gateway& gateway : gateways_) gateway.ledger->stop();
  }
  /// Every yes is an order, every order is a yes, and nothing is there that was not in stock.
  void check() {
    stop();
    const auto recount = record.recount(seconds(1));
    ASSERT_TRUE(recount);
    EXPECT_TRUE(recount->drift.empty());
    EXPECT_EQ(recount->orders, sold);
    for (const ProductRecord& product : *record.products(seconds(1))) {
      EXPECT_GE(product.stock.available, 0);
      EXPECT_LE(product.stock.held, total_);
    }
    EXPECT_EQ(lost_answers, 0);
    EXPECT_LT(slowest_ms, 3000) << "an answer took too long";
  }

  SystemClock clock;
  LedgerRecord record;
  std::atomic<std::uint64_t> sold{0}, sold_out{0}, unavailable{0}, others{0};
  std::atomic<int> lost_answers{0};
  std::atomic<std::int64_t> slowest_ms{0};

 private:
  static constexpr std::size_t kBuyers = 6;
  struct Gateway {
    std::unique_ptr<RedisStockFilter> filter;
    std::unique_ptr<SharedLedger> ledger;
  };

  void buy(std::size_t buyer) {
    OneAnswer sink;
    for (std::uint64_t n = 1; !stopping_; ++n) {
      const std::uint64_t id = n * kBuyers + buyer;
      const Reserve reserve{{1, id}, {2, id}, ProductRef{static_cast<std::uint32_t>(id % kPartitions)},
                            1,       600'000, digest_key(std::to_string(id))};
      const SteadyTime begin = clock.steady();
      Ticket ticket;
      ticket.command = reserve;
      ticket.sink = &sink;
      if (!gateways_[id / kPartitions % gateways_.size()].ledger->submit(std::move(ticket))) continue;
      const auto answer = sink.wait(seconds(20));
      if (!answer) {
        ++lost_answers;
        return;
      }
      const std::int64_t ms = std::chrono::duration_cast<milliseconds>(clock.steady() - begin).count();
      for (std::int64_t seen = slowest_ms; ms > seen && !slowest_ms.compare_exchange_weak(seen, ms);) {
      }
      switch (answer->outcome) {
        case Outcome::done:
          ++sold;
          break;
        case Outcome::out_of_stock:
          ++sold_out;
          break;
        case Outcome::unavailable:
          ++unavailable;
          std::this_thread::sleep_for(milliseconds(2));
          break;
        default:
          ++others;
      }
      // A shop sells all day: what is there lasts until the fault is over.
      if (pace_us_ > 0) std::this_thread::sleep_for(std::chrono::microseconds(pace_us_.load()));
    }
  }
  /// What somebody does every second or so.
  void refresh() {
    while (!stopping_) {
      run(milliseconds(200));
      static_cast<void>(gateways_[0].ledger->refresh());
    }
  }

 public:
  std::atomic<int> pace_us_{500};

 private:
  const std::int64_t total_;
  SeededRandom random_{7};
  std::deque<Gateway> gateways_;
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> buyers_;
  std::thread refresher_;
};

class RedisFaultTest : public ::testing::Test {
 protected:
  void SetUp() override { SCALEMART_NEEDS_REDIS(); }
  static std::string epoch_of(RedisServer& server) { return server.say({"HGET", "scalemart:{p0}:state", "epoch"}); }
};

TEST_F(RedisFaultTest, WithoutAFaultTheLastUnitsAreSoldAndTheCrowdHearsSo) {
  RedisServer server;
  Sale sale(server.url(), 500);
  sale.pace_us_ = 0;
  EXPECT_TRUE(sale.sells_out());
  const std::uint64_t before = sale.sold_out;
  sale.run(milliseconds(200));
  EXPECT_GT(sale.sold_out, before);
  sale.check();
  EXPECT_EQ(sale.unavailable, 0u);
  EXPECT_EQ(sale.others, 0u);
}

TEST_F(RedisFaultTest, Flushall) {
  RedisServer server;
  Sale sale(server.url(), 2000);
  ASSERT_TRUE(sale.sells_again());
  const std::string before = epoch_of(server);
  for (int i = 0; i < 5; ++i) {
    server.say({"FLUSHALL"});
    sale.run(milliseconds(100));
  }
  ASSERT_TRUE(sale.sells_again());
  EXPECT_GT(std::stoll(epoch_of(server)), std::stoll(before)) << "under a new epoch";
  sale.pace_us_ = 0;
  EXPECT_TRUE(sale.sells_out());
  sale.check();
}

TEST_F(RedisFaultTest, DeathAndRestart) {
  RedisServer server;
  Sale sale(server.url(), 2000);
  ASSERT_TRUE(sale.sells_again());
  server.kill();
  sale.run(milliseconds(500));
  const std::uint64_t closed = sale.sold;
  sale.run(milliseconds(300));
  EXPECT_EQ(sale.sold, closed) << "closed while it is away";
  EXPECT_GT(sale.unavailable, 0u);
  server.start();
  ASSERT_TRUE(sale.sells_again());
  sale.pace_us_ = 0;
  EXPECT_TRUE(sale.sells_out());
  sale.check();
}

TEST_F(RedisFaultTest, DeathWhileTheRecordAloneSells) {
  RedisServer server;
  Sale sale(server.url(), 2000, true);
  ASSERT_TRUE(sale.sells_again());
  server.kill();
  ASSERT_TRUE(sale.sells_again());
  sale.run(milliseconds(300));
  server.start();
  sale.pace_us_ = 0;
  EXPECT_TRUE(sale.sells_out());
  sale.check();
  EXPECT_EQ(sale.unavailable, 0u);
}

TEST_F(RedisFaultTest, FrozenAndThawed) {
  RedisServer server;
  Sale sale(server.url(), 2000);
  ASSERT_TRUE(sale.sells_again());
  for (int i = 0; i < 3; ++i) {
    server.freeze();
    sale.run(milliseconds(400));
    server.thaw();
    ASSERT_TRUE(sale.sells_again());
  }
  sale.pace_us_ = 0;
  EXPECT_TRUE(sale.sells_out());
  sale.check();
}

TEST_F(RedisFaultTest, SlowNowAndThen) {
  RedisServer server({"--enable-debug-command", "yes"});
  Sale sale(server.url(), 2000);
  ASSERT_TRUE(sale.sells_again());
  for (int i = 0; i < 8; ++i)
    server.say({"DEBUG", "SLEEP", i % 2 == 0 ? "0.1" : "0.25"});  // within and beyond patience
  ASSERT_TRUE(sale.sells_again());
  sale.pace_us_ = 0;
  EXPECT_TRUE(sale.sells_out());
  sale.check();
}

TEST_F(RedisFaultTest, FullMemory) {
  RedisServer server;
  Sale sale(server.url(), 2000);
  ASSERT_TRUE(sale.sells_again());
  server.say({"CONFIG", "SET", "maxmemory", "1mb"});
  server.say({"SET", "ballast", std::string(2'000'000, 'x')});
  sale.run(milliseconds(200));
  const std::uint64_t closed = sale.sold;
  sale.run(milliseconds(300));
  EXPECT_EQ(sale.sold, closed) << "nothing new begins";
  server.say({"DEL", "ballast"});
  server.say({"CONFIG", "SET", "maxmemory", "0"});
  ASSERT_TRUE(sale.sells_again());
  sale.pace_us_ = 0;
  EXPECT_TRUE(sale.sells_out());
  sale.check();
}

TEST_F(RedisFaultTest, MasterDiesAndSentinelsFailOver) {
  testing_servers::SentinelFleet fleet;
  Sale sale(fleet.url(), 4000);
  ASSERT_TRUE(sale.sells_again());
  RedisServer& old = fleet.master();
  const std::string before = epoch_of(old);
  old.kill();
  sale.run(milliseconds(100));
  const std::uint64_t at_the_death = sale.sold;  // The failover may be seen late, when all is sold already.
  ASSERT_TRUE(fleet.wait_for_failover(old));
  ASSERT_TRUE(sale.sells_beyond(at_the_death));
  EXPECT_GT(std::stoll(epoch_of(fleet.master())), std::stoll(before));
  old.start();
  sale.run(milliseconds(300));
  sale.pace_us_ = 0;
  EXPECT_TRUE(sale.sells_out());
  sale.check();
}

TEST_F(RedisFaultTest, FrozenMasterWakesUpAfterTheFailover) {
  testing_servers::SentinelFleet fleet;
  Sale sale(fleet.url(), 8000);
  ASSERT_TRUE(sale.sells_again());
  RedisServer& old = fleet.master();
  old.freeze();
  sale.run(milliseconds(500));
  const std::uint64_t at_the_frost = sale.sold;
  ASSERT_TRUE(fleet.wait_for_failover(old));
  ASSERT_TRUE(sale.sells_beyond(at_the_frost));
  old.thaw();
  sale.run(milliseconds(1000));
  sale.pace_us_ = 0;
  EXPECT_TRUE(sale.sells_out());
  sale.check();
}

TEST_F(RedisFaultTest, ClusterLosesANode) {
  testing_servers::RedisCluster cluster;
  Sale sale(cluster.url(), 2000);
  ASSERT_TRUE(sale.sells_again());
  RedisServer& node = cluster.owner("scalemart:{p0}");
  node.kill();
  sale.run(milliseconds(500));
  node.start();
  ASSERT_TRUE(sale.sells_again());
  sale.pace_us_ = 0;
  EXPECT_TRUE(sale.sells_out());
  sale.check();
}

}  // namespace
}  // namespace scalemart
