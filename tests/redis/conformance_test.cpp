// The suite of every ledger over a shared one with the filter in a real Redis; a restart also empties Redis.
#include "tests/conformance/sale_ledger_suite.hpp"

#include "backend/redis/stock_filter.hpp"
#include "sequencer/ledger_record.hpp"
#include "sequencer/shared_ledger.hpp"
#include "tests/servers/redis_server.hpp"

namespace scalemart::conformance {
namespace {

class RedisFilterBench {
 public:
  RedisFilterBench() {
    if (testing_servers::has_redis()) {
      server_.emplace();
    } else {
      SCALEMART_CHECK(!testing_servers::require_all());
      std::fputs("SKIPPED: redis-server is not installed; this ran without a filter\n", stderr);
    }
    run();
  }
  ~RedisFilterBench() { ledger_.reset(); }
  SaleLedger& ledger() { return *ledger_; }
  OrderBook& book() { return *ledger_; }
  void set_time(WallTime now) { now_ms_ = now.ms; }
  void restart() {
    ledger_.reset();
    if (server_) server_->say({"FLUSHALL"});
    run();
  }

 private:
  void run() {
    SharedLedger::Options options;
    options.partitions = 2;
    options.order_lanes = 2;
    options.lane.filter_within = std::chrono::milliseconds(2000);
    options.lane.sell_without_filter = false;
    if (server_) {
      RedisFilterSettings settings;
      settings.partitions = options.partitions;
      settings.key_words = 1u << 12;
      filter_ = std::move(*RedisStockFilter::make(*redis::Address::parse(server_->url()), clock_, random_, settings));
    }
    ledger_ = std::make_unique<SharedLedger>(
        record_, filter_.get(), [this] { return WallTime{now_ms_.load()}; }, clock_, options);
    ledger_->start();
  }

  SystemClock clock_;
  SeededRandom random_{1};
  std::atomic<std::int64_t> now_ms_{0};
  std::optional<testing_servers::RedisServer> server_;
  LedgerRecord record_;
  std::unique_ptr<RedisStockFilter> filter_;
  std::unique_ptr<SharedLedger> ledger_;
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(SharedBehindRedis, SaleLedgerConformance, RedisFilterBench);

}  // namespace scalemart::conformance
