#pragma once
// The ledger of a process that only finishes orders, and what others hear of it.

#include <memory>

#include "app/config.hpp"
#include "app/shared_stores.hpp"
#include "backend/redis/live_updates.hpp"
#include "backend/redis/stock_filter.hpp"
#include "flow/shared_publication.hpp"
#include "sequencer/shared_ledger.hpp"

namespace scalemart {

/// Purpose: the shared ledger of a worker process. It sells nothing; the filter is told what comes back, so that a
/// buyer whose payment was declined can buy again at once, and gateways hear of every change.
/// Concurrency: start and stop from one thread; ledger() from any; product() from one, the queue's.
class SharedRecord final : private BatchObserver {
 public:
  [[nodiscard]] static Result<std::unique_ptr<SharedRecord>> open(SystemOfRecord& record, const SharedRedis& redis,
                                                                  const Clock& clock);
  ~SharedRecord() override;

  void start();
  /// Answers what was taken. Idempotent.
  void stop();
  [[nodiscard]] SaleLedger& ledger() { return *ledger_; }
  /// Asks the record when it is new here; nullptr: it does not answer, or there is no such product. May take a while.
  [[nodiscard]] std::shared_ptr<const ProductSpec> product(ProductRef ref);

 private:
  SharedRecord(SystemOfRecord& record, const SharedRedis& redis, const Clock& clock, const RedisLiveSettings& live);
  void committed(const RecordedBatch& batch) noexcept override { publication_.committed(batch); }
  [[nodiscard]] std::shared_ptr<const ProductSpec> known(ProductRef ref) const;

  SystemOfRecord& record_;
  const Clock& clock_;
  SteadyTime read_again_{};  ///< product()'s.
  std::unique_ptr<RedisStockFilter> filter_;
  RedisLivePublisher publisher_;
  Catalogue catalogue_;
  SharedPublication publication_;
  std::unique_ptr<SharedLedger> ledger_;
};

}  // namespace scalemart
