#pragma once
// One life of the program: composed as app/engine.cpp and app/order_desk.cpp do it, on one thread.

#include <memory>
#include <optional>
#include <vector>

#include "flow/catalogue.hpp"
#include "flow/publication.hpp"
#include "flow/purchase.hpp"
#include "flow/sale_clock.hpp"
#include "flow/used_keys.hpp"
#include "fulfilment/service.hpp"
#include "ledger/ledger.hpp"
#include "sequencer/recovery.hpp"
#include "sequencer/sequencer.hpp"
#include "tests/sim/bank.hpp"
#include "tests/sim/papers.hpp"
#include "tests/sim/referee.hpp"
#include "tests/sim/settings.hpp"
#include "tests/sim/snapshots.hpp"
#include "tests/sim/tap.hpp"

namespace scalemart::sim {

/// Purpose: what lives in memory, and dies with it. It may be dropped at any moment between two calls, and
/// any call may end in MemoryJournal::Died.
class Process {
 public:
  struct Parts {
    const Settings& settings;
    ManualClock& clock;
    MemoryJournal& journal;
    Snapshots& snapshots;
    Bank& bank;
    Papers& papers;
    Referee& referee;
    Tally& tally;
    Dice& dice;
  };
  Process(const Parts& parts, Recovered recovered);

  /// One round of the sequencer. False: there was nothing to do.
  bool step();
  /// One turn of fulfilment; when the next is due.
  SteadyTime turn() { return service_.loop().turn(); }
  /// What anybody may do at any time: see what time it is in the sale, and that it was not later before.
  void look_at_clock();
  /// What the server does ten times a second.
  void pulse();
  /// Takes a snapshot in the next round; write_snapshot() writes it, some time later, as the snapshotter's
  /// thread does.
  void ask_for_snapshot();
  void write_snapshot();
  [[nodiscard]] bool has_snapshot_to_write() const { return taken_.has_value(); }
  /// The process is asked to end: what is under way is given back, what was taken is answered.
  void stop();

  [[nodiscard]] Purchase& purchase() { return purchase_; }
  [[nodiscard]] Tap& ledger() { return tap_; }
  [[nodiscard]] OrderBook& orders() { return sequencer_; }
  [[nodiscard]] Sequencer& sequencer() { return sequencer_; }
  [[nodiscard]] FulfilmentService& service() { return service_; }
  [[nodiscard]] const SaleClock& sale_clock() const { return sale_clock_; }
  [[nodiscard]] const Catalogue& catalogue() const { return catalogue_; }
  [[nodiscard]] Callbacks& callbacks() { return callbacks_; }

 private:
  struct Observer final : Sequencer::Observer {
    explicit Observer(Process& owner) : process(owner) {}
    void committed(const Committed& batch) noexcept override;
    Process& process;
  };
  struct TakenSnapshot {
    Snapshot snapshot;
    JournalHead at;
  };
  [[nodiscard]] Ledger load(Recovered recovered);
  [[nodiscard]] Sequencer::Options options();
  void check_pace();

  Parts parts_;
  SaleClock sale_clock_;
  const SteadyTime started_at_;
  const WallTime started_sale_time_;
  WallTime seen_sale_time_;
  Catalogue catalogue_;
  UsedKeys used_keys_;
  SaleCounts counts_;
  Publication publication_;
  std::vector<UnfinishedOrder> unfinished_;
  std::vector<ParkedOrder> parked_;
  Tap tap_;
  Observer observer_;
  Sequencer sequencer_;
  FulfilmentService service_;
  Purchase purchase_;
  Callbacks callbacks_;
  bool expiring_ = false;
  std::optional<TakenSnapshot> taken_;
  const Ledger* seen_ = nullptr;  ///< The sequencer's, once it has committed something.
};

}  // namespace scalemart::sim
