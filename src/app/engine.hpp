#pragma once
// The selling part of a process, composed: store, ledger, sequencer, and what is published of them.

#include <functional>
#include <memory>
#include <vector>

#include "app/config.hpp"
#include "app/store.hpp"
#include "backend/embedded/query_store.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "flow/catalogue.hpp"
#include "flow/publication.hpp"
#include "flow/sale_clock.hpp"
#include "flow/sale_counts.hpp"
#include "flow/used_keys.hpp"
#include "sequencer/recovery.hpp"
#include "sequencer/sequencer.hpp"
#include "telemetry/metrics.hpp"

namespace scalemart {

/// Purpose: everything between the data folder and SaleLedger, for `serve` and for commands without a server.
/// Lifetimes: open() recovers; add what wants to be told of batches; start(); stop() before what was added
/// goes. Concurrency: open, start, stop and the listeners' set-up from one thread; the parts as their headers
/// say.
class Engine {
 public:
  /// Called on the sequencer's thread when a batch is durable, before its answers leave.
  using OnCommitted = std::function<void(const Committed&)>;

  /// An error is one line that names the folder or file and what is wrong.
  [[nodiscard]] static Result<std::unique_ptr<Engine>> open(Store store, const Config& config, const Clock& clock,
                                                            Metrics& metrics);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void on_committed(OnCommitted listener) { observers_.listeners.push_back(std::move(listener)); }
  /// Before start(): which products and orders changed. Called as OnCommitted is.
  void on_changed(Publication::Listener listener);
  void start();
  /// Refuses new commands, answers what was taken, makes a last snapshot. Idempotent.
  void stop();

  [[nodiscard]] const DataFolder& folder() const { return *store_.folder; }
  [[nodiscard]] DiskReserve& reserve() { return *store_.reserve; }
  [[nodiscard]] SaleClock& clock() { return *sale_clock_; }
  [[nodiscard]] const Catalogue& catalogue() const { return catalogue_; }
  [[nodiscard]] const UsedKeys& used_keys() const { return *used_keys_; }
  [[nodiscard]] const SaleCounts& counts() const { return counts_; }
  [[nodiscard]] Sequencer& sequencer() { return *sequencer_; }
  [[nodiscard]] QueryStore& archive() { return *archive_; }
  [[nodiscard]] bool has_room_for_buys() const noexcept { return store_.journal->has_room_for_buys(); }
  [[nodiscard]] bool is_journal_in_place() const noexcept { return store_.journal->is_in_place(); }

  /// Whole batches after `after`, up to about `max_bytes`, read between two rounds; waits for it. Empty: no
  /// more.
  [[nodiscard]] Result<std::vector<RawBatch>> read_batches(Sequence after, std::size_t max_bytes);
  /// The ledger as it durably is; waits until `look` has run on the sequencer's thread. False: it has
  /// stopped.
  [[nodiscard]] bool look(const std::function<void(const Ledger&)>& look);

  /// What the last process left unfinished; given out once, before start().
  [[nodiscard]] std::vector<UnfinishedOrder> take_unfinished() { return std::move(unfinished_); }
  [[nodiscard]] std::vector<ParkedOrder> take_parked() { return std::move(parked_); }

 private:
  struct Observers final : Sequencer::Observer {
    std::vector<OnCommitted> listeners;
    void committed(const Committed& batch) noexcept override {
      for (const auto& listener : listeners) listener(batch);
    }
  };

  explicit Engine(Store store) : store_(std::move(store)) {}
  [[nodiscard]] Result<void> open_archive();
  void compose(const Config& config, const Clock& clock, Metrics& metrics, Recovered recovered);

  Store store_;
  std::unique_ptr<SaleClock> sale_clock_;
  Catalogue catalogue_;
  std::unique_ptr<UsedKeys> used_keys_;
  SaleCounts counts_;
  Publication::Listener changed_;
  std::unique_ptr<Publication> publication_;
  Observers observers_;
  std::vector<UnfinishedOrder> unfinished_;
  std::vector<ParkedOrder> parked_;
  std::unique_ptr<Sequencer> sequencer_;
  std::unique_ptr<QueryStore> archive_;
};

}  // namespace scalemart
