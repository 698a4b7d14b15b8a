// A primary that dies and a synchronous standby that takes its place: no yes is lost.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "tests/servers/postgresql.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

class Failover : public ::testing::Test {
 protected:
  // One pair for all tests; the one that kills comes last.
  static void SetUpTestSuite() { server_ = test::ServerProcess::start("postgresql_server.py", {"--standby"}); }
  static void TearDownTestSuite() { server_.reset(); }

  Failover() {
    static int number = 0;
    pg::PostgresRecord::Options options;
    options.connection.schema = "failover_" + std::to_string(++number);
    options.connection.url = server_->text("url");
    options.connection.connect_within = 2s;
    options.connection.patience = 1000ms;
    options.demands.synchronous_standby = true;
    auto opened = pg::PostgresRecord::open(std::move(options), clock_);
    if (!opened) {
      ADD_FAILURE() << opened.error().message;
      return;
    }
    record_ = std::move(*opened);
    auto spec = std::make_shared<ProductSpec>();
    spec->id = "shoe";
    spec->details.name = "Shoe";
    EXPECT_EQ(one(CreateProduct{spec, kStockMax}).fate, Fate::committed);
  }
  RecordedBatch one(Command command, std::chrono::milliseconds within = 3s) {
    return record_->commit(std::span(&command, 1), WallTime{1'800'000'000'000}, within);
  }
  Reserve buy() {
    Reserve reserve;
    reserve.order = {88, ++orders_};
    reserve.buyer = {5, orders_};
    reserve.hold_ms = 60'000;
    return reserve;
  }
  bool exists(OrderId order) {
    const OrderId ids[] = {order};
    const auto found = record_->find(ids, 3s);
    return found.has_value() && (*found)[0].has_value();
  }
  void wait_for_primary() {
    for (int i = 0; i < 400; ++i) {
      if (one(ExpireDue{0}).fate == Fate::committed) return;
      std::this_thread::sleep_for(25ms);
    }
    FAIL() << "no primary is found";
  }

  SystemClock clock_;
  static inline std::unique_ptr<test::ServerProcess> server_;
  std::unique_ptr<pg::PostgresRecord> record_;
  std::atomic<std::uint64_t> orders_{0};
};

TEST_F(Failover, WithoutItsStandbyNoYesIsGiven) {
  ASSERT_NE(record_, nullptr);
  server_->command("freeze-standby");
  const Reserve waiting = buy();
  EXPECT_EQ(one(waiting, 500ms).fate, Fate::unknown) << "the primary has it, the standby has not said so";
  server_->command("thaw-standby");
  wait_for_primary();
  EXPECT_EQ(one(buy()).fate, Fate::committed);
  EXPECT_TRUE(exists(waiting.order));
}

TEST_F(Failover, PromotedStandbyHasEveryYes) {
  ASSERT_NE(record_, nullptr);
  std::mutex mutex;
  std::map<Fate, std::vector<OrderId>> fates;
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      while (!stop) {
        std::vector<Command> batch;
        for (int i = 0; i < 10; ++i) batch.emplace_back(buy());
        const RecordedBatch result = record_->commit(batch, WallTime{1'800'000'000'000}, 3s);
        const std::lock_guard guard(mutex);
        for (const Command& command : batch) fates[result.fate].push_back(std::get<Reserve>(command).order);
        if (result.fate != Fate::committed) std::this_thread::sleep_for(10ms);
      }
    });
  std::this_thread::sleep_for(500ms);
  server_->command("kill");
  server_->command("promote");
  wait_for_primary();
  std::this_thread::sleep_for(300ms);
  stop = true;
  for (std::thread& thread : threads) thread.join();

  const auto count = [&](Fate fate) {
    const auto found = record_->find(fates[fate], 20s);
    EXPECT_TRUE(found.has_value());
    return std::count_if(found->begin(), found->end(), [](const auto& order) { return order.has_value(); });
  };
  ASSERT_GT(fates[Fate::committed].size(), 100U);
  EXPECT_EQ(count(Fate::committed), static_cast<std::ptrdiff_t>(fates[Fate::committed].size())) << "a lost yes";
  EXPECT_EQ(count(Fate::unavailable), 0);
  std::printf("committed %zu, unavailable %zu, unknown %zu of which %td happened\n", fates[Fate::committed].size(),
              fates[Fate::unavailable].size(), fates[Fate::unknown].size(), count(Fate::unknown));
  const auto recount = record_->recount(20s);
  ASSERT_TRUE(recount.has_value());
  EXPECT_TRUE(recount->drift.empty());
}

}  // namespace
}  // namespace scalemart
