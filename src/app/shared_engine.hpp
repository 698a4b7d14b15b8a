#pragma once
// The engine of a process that shares its shop with others: the truth in a database, Redis in front of it.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "app/engine.hpp"
#include "app/operations.hpp"
#include "app/shared_stores.hpp"
#include "backend/redis/live_updates.hpp"
#include "backend/redis/stock_filter.hpp"
#include "flow/shared_publication.hpp"
#include "sequencer/shared_ledger.hpp"
#include "telemetry/metrics.hpp"

namespace scalemart {

/// Purpose: the shared ledger with its filter, what is published of it here and in other processes, and the numbers of
/// the whole shop.
/// Operation: a thread of its own reads the products once a second, and at once when their terms changed anywhere, and
/// sums the orders up, the more seldom the longer that takes.
/// Lifetimes: as Engine says; what listens to batches is added before start().
class SharedEngine final : public Engine, private BatchObserver, private LiveSink {
 public:
  /// On the lane's thread, when a batch is durable and before its answers leave: be quick.
  using OnCommitted = std::function<void(const RecordedBatch&)>;

  [[nodiscard]] static Result<std::unique_ptr<SharedEngine>> open(std::unique_ptr<DataFolder> folder,
                                                                  SharedDatabase& database, SharedRedis& redis,
                                                                  const Config& config, const Clock& clock,
                                                                  Metrics& metrics);
  ~SharedEngine() override;
  SharedEngine(const SharedEngine&) = delete;
  SharedEngine& operator=(const SharedEngine&) = delete;

  void on_committed(OnCommitted listener) { listeners_.push_back(std::move(listener)); }
  void start() override;
  void stop() override;

  [[nodiscard]] const DataFolder& folder() const override { return *folder_; }
  [[nodiscard]] SaleLedger& ledger() override { return *ledger_; }
  [[nodiscard]] OrderBook& orders() override { return *ledger_; }
  [[nodiscard]] OrderArchive& archive() override { return *database_.archive; }
  [[nodiscard]] SystemOfRecord& record() { return *database_.record; }
  /// What a product is; nullptr: not known here yet, and being asked for. Any thread.
  [[nodiscard]] std::shared_ptr<const ProductSpec> spec_of(ProductRef product);
  [[nodiscard]] EngineLoad load() const override;
  [[nodiscard]] SteadyTime last_tick() const override { return ledger_->last_tick(); }
  [[nodiscard]] std::int64_t drift() const override { return drift_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::vector<std::string> faults() const override;
  [[nodiscard]] std::vector<Dependency> dependencies() const override;
  void tell(std::vector<ProductRef> products) override { publication_->tell(products); }
  void pulse() override;
  void every_second() override {}

  /// Counts everything again from the orders.
  [[nodiscard]] Done<VerifyReport> verify();

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  SharedEngine(std::unique_ptr<DataFolder> folder, SharedDatabase& database, const Clock& clock)
      : folder_(std::move(folder)), database_(database), time_(clock) {}
  [[nodiscard]] Result<void> compose(SharedRedis& redis, const Config& config, Metrics& metrics);

  // BatchObserver
  void committed(const RecordedBatch& batch) noexcept override;
  // LiveSink: what other processes did
  void stocks(std::span<const StockNews> news) noexcept override { publication_->heard_stocks(news); }
  void orders(std::span<const OrderNews> news) noexcept override { publication_->heard_orders(news); }
  void terms(std::span<const ProductRef> products) noexcept override;
  void missed() noexcept override;

  void run();
  [[nodiscard]] bool is_redis_away() const;
  void read_products();
  void sum_up();
  void look_for_expiry();
  void expire_holds();
  void wake();

  std::unique_ptr<DataFolder> folder_;
  SharedDatabase& database_;
  const Clock& time_;
  std::unique_ptr<RedisStockFilter> filter_;
  std::unique_ptr<RedisLivePublisher> publisher_;
  std::unique_ptr<SharedPublication> publication_;
  std::unique_ptr<SharedLedger> ledger_;
  std::unique_ptr<RedisLiveReceiver> receiver_;
  std::vector<OnCommitted> listeners_;

  std::atomic<std::int64_t> drift_{0};
  std::atomic<bool> redis_away_{false};
  std::atomic<std::int64_t> heard_ns_{0};  ///< When the record last told its products, on the monotonic clock.
  std::atomic<std::int64_t> next_expiry_ms_{kNever};
  std::shared_ptr<std::atomic<bool>> expiring_ = std::make_shared<std::atomic<bool>>(false);

  std::mutex mutex_;  ///< Guards all below.
  std::condition_variable pulse_;
  bool awake_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace scalemart
