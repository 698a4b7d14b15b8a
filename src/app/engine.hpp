#pragma once
// The selling part of a process, as the rest of the process sees it, whatever keeps the truth.

#include <memory>
#include <string>
#include <vector>

#include "backend/embedded/data_folder.hpp"
#include "flow/catalogue.hpp"
#include "flow/publication.hpp"
#include "flow/sale_clock.hpp"
#include "flow/sale_counts.hpp"
#include "flow/used_keys.hpp"
#include "port/order_archive.hpp"
#include "port/sale_ledger.hpp"
#include "port/trace_book.hpp"

namespace scalemart {

/// What waits in front of the ledger, and how far it is.
struct EngineLoad {
  std::size_t buys = 0;
  std::size_t others = 0;
  std::chrono::nanoseconds oldest_age{0};
  Sequence sequence = 0;  ///< Of the last record. 0: there is no such number (records count by product).
};

/// Purpose: the ledger, what is published of it, and the search over its orders.
/// Lifetimes: opened by its maker; on_changed(); start(); stop() before who listens goes.
/// Concurrency: on_changed, start, stop, pulse, every_second from one thread; the rest from any.
class Engine {
 public:
  virtual ~Engine() = default;

  /// Before start(): which products and orders changed. One call at a time, and quick.
  void on_changed(Publication::Listener listener) { changed_ = std::move(listener); }
  virtual void start() = 0;
  /// Refuses new commands, answers what was taken. Idempotent.
  virtual void stop() = 0;

  [[nodiscard]] virtual const DataFolder& folder() const = 0;
  [[nodiscard]] virtual SaleLedger& ledger() = 0;
  [[nodiscard]] virtual OrderBook& orders() = 0;
  [[nodiscard]] virtual OrderArchive& archive() = 0;
  [[nodiscard]] SaleClock& clock() { return *clock_; }
  [[nodiscard]] const Catalogue& catalogue() const { return catalogue_; }
  [[nodiscard]] const UsedKeys& used_keys() const { return *used_keys_; }
  [[nodiscard]] const SaleCounts& counts() const { return counts_; }

  /// Where those are remembered who bought in a trace of theirs, until fulfilment; nullptr: nowhere.
  [[nodiscard]] virtual TraceBook* traces() { return nullptr; }

  [[nodiscard]] virtual EngineLoad load() const = 0;
  /// When what decides last went round; of several the one that has not for longest.
  [[nodiscard]] virtual SteadyTime last_tick() const = 0;
  /// Units by which products and orders differ.
  [[nodiscard]] virtual std::int64_t drift() const = 0;
  [[nodiscard]] virtual bool has_room_for_buys() const { return true; }
  /// Why no traffic should come here, one line each.
  [[nodiscard]] virtual std::vector<std::string> faults() const = 0;
  /// What it needs outside this process, and whether that is cut off now, for the metrics.
  struct Dependency {
    std::string_view name;
    bool cut_off = false;
  };
  [[nodiscard]] virtual std::vector<Dependency> dependencies() const { return {}; }
  /// Tells the listener that these changed, for what time alone changes.
  virtual void tell(std::vector<ProductRef> products) = 0;

  /// About every 100 ms: the clock, and holds that end.
  virtual void pulse() = 0;
  virtual void every_second() = 0;

 protected:
  Engine() = default;
  /// What on_changed() was given, or nothing.
  [[nodiscard]] Publication::Listener listener();

  std::unique_ptr<SaleClock> clock_;
  Catalogue catalogue_;
  std::unique_ptr<UsedKeys> used_keys_ = std::make_unique<UsedKeys>();
  SaleCounts counts_;

 private:
  Publication::Listener changed_;
};

inline Publication::Listener Engine::listener() {
  return {[this](ProductRef ref) {
            if (changed_.product_changed) changed_.product_changed(ref);
          },
          [this](const OrderNotice& notice) {
            if (changed_.order_changed) changed_.order_changed(notice);
          }};
}

}  // namespace scalemart
