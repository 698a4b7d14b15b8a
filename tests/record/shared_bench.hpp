#pragma once
// A shared ledger on the bench of the conformance suite (tests/conformance/sale_ledger_suite.hpp).

#include <atomic>
#include <memory>

#include "sequencer/shared_ledger.hpp"
#include "tests/record/memory_filter.hpp"

namespace scalemart::test {

/// Owns everything but the record. restart() forgets all but that.
template <bool Filtered>
class SharedBench {
 public:
  virtual ~SharedBench() = default;
  SaleLedger& ledger() { return *ledger_; }
  OrderBook& book() { return *ledger_; }
  void set_time(WallTime now) { now_ms_ = now.ms; }
  void restart() {
    ledger_.reset();
    filter_.forget();
    run(*record_);
  }

 protected:
  void run(SystemOfRecord& record) {
    record_ = &record;
    SharedLedger::Options options;
    options.partitions = 2;
    options.order_lanes = 2;
    ledger_ = std::make_unique<SharedLedger>(
        record, Filtered ? &filter_ : nullptr, [this] { return WallTime{now_ms_.load()}; }, clock_, options);
    ledger_->start();
  }
  void end() { ledger_.reset(); }
  SystemClock clock_;

 private:
  std::atomic<std::int64_t> now_ms_{0};
  MemoryFilter filter_;
  SystemOfRecord* record_ = nullptr;
  std::unique_ptr<SharedLedger> ledger_;
};

}  // namespace scalemart::test
