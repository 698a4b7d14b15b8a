#pragma once
// The engine of a process that has its shop to itself: ledger in memory, journal on its disk.

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "app/config.hpp"
#include "app/engine.hpp"
#include "app/operations.hpp"
#include "app/store.hpp"
#include "backend/embedded/query_store.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "sequencer/recovery.hpp"
#include "sequencer/sequencer.hpp"
#include "telemetry/metrics.hpp"

namespace scalemart {

/// Purpose: everything between the data folder and SaleLedger, for `serve` and for commands without a server.
/// Lifetimes: open() recovers; add what wants to be told of batches; then as Engine says.
class EmbeddedEngine final : public Engine {
 public:
  /// Called on the sequencer's thread when a batch is durable, before its answers leave.
  using OnCommitted = std::function<void(const Committed&)>;

  /// An error is one line that names the folder or file and what is wrong.
  [[nodiscard]] static Result<std::unique_ptr<EmbeddedEngine>> open(Store store, const Config& config,
                                                                    const Clock& clock, Metrics& metrics);
  ~EmbeddedEngine() override;
  EmbeddedEngine(const EmbeddedEngine&) = delete;
  EmbeddedEngine& operator=(const EmbeddedEngine&) = delete;

  /// Before start().
  void on_committed(OnCommitted listener) { observers_.listeners.push_back(std::move(listener)); }
  void start() override;
  /// Makes a last snapshot too.
  void stop() override;

  [[nodiscard]] const DataFolder& folder() const override { return *store_.folder; }
  [[nodiscard]] SaleLedger& ledger() override { return *sequencer_; }
  [[nodiscard]] OrderBook& orders() override { return *sequencer_; }
  [[nodiscard]] OrderArchive& archive() override { return *archive_; }
  [[nodiscard]] Sequencer& sequencer() { return *sequencer_; }
  [[nodiscard]] TraceBook* traces() override { return &traces_; }
  [[nodiscard]] EngineLoad load() const override;
  [[nodiscard]] SteadyTime last_tick() const override { return sequencer_->last_tick(); }
  [[nodiscard]] std::int64_t drift() const override { return drift_->load(std::memory_order_relaxed); }
  [[nodiscard]] bool has_room_for_buys() const override { return store_.journal->has_room_for_buys(); }
  [[nodiscard]] std::vector<std::string> faults() const override;
  void tell(std::vector<ProductRef> products) override;
  void pulse() override;
  void every_second() override;

  /// Whole batches after `after`, up to about `max_bytes`, read between two rounds; waits for it. Empty: no
  /// more.
  [[nodiscard]] Result<std::vector<RawBatch>> read_batches(Sequence after, std::size_t max_bytes);
  /// The ledger as it durably is; waits until `look` has run on the sequencer's thread. False: it has
  /// stopped.
  [[nodiscard]] bool look(const std::function<void(const Ledger&)>& look);
  /// Compares what the records make with what the running ledger says.
  [[nodiscard]] Done<VerifyReport> verify();

  /// What the last process left unfinished; given out once, before start().
  [[nodiscard]] std::vector<UnfinishedOrder> take_unfinished() { return std::move(unfinished_); }
  [[nodiscard]] std::vector<ParkedOrder> take_parked() { return std::move(parked_); }

 private:
  TraceBook traces_;

  struct Observers final : Sequencer::Observer {
    std::vector<OnCommitted> listeners;
    void committed(const Committed& batch) noexcept override {
      for (const auto& listener : listeners) listener(batch);
    }
  };

  EmbeddedEngine(Store store, const Clock& clock) : store_(std::move(store)), time_(clock) {}
  [[nodiscard]] Result<void> open_archive();
  void compose(const Config& config, Metrics& metrics, Recovered recovered);
  void expire_holds();
  void look_for_drift();

  Store store_;
  const Clock& time_;
  std::unique_ptr<Publication> publication_;
  Observers observers_;
  std::vector<UnfinishedOrder> unfinished_;
  std::vector<ParkedOrder> parked_;
  // Shared with what is under way on the sequencer's thread.
  std::shared_ptr<std::atomic<std::int64_t>> drift_ = std::make_shared<std::atomic<std::int64_t>>(0);
  std::shared_ptr<std::atomic<bool>> expiring_ = std::make_shared<std::atomic<bool>>(false);
  bool in_place_ = true;  ///< The journal, when last looked at.
  std::unique_ptr<Sequencer> sequencer_;
  std::unique_ptr<QueryStore> archive_;
};

}  // namespace scalemart
