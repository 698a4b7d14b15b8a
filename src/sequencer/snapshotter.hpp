#pragma once
// Writes snapshots of the ledger on a thread of its own, behind everything else.

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <thread>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "ledger/snapshot.hpp"
#include "port/snapshot_store.hpp"

namespace scalemart {

/// How a snapshot went.
struct SnapshotReport {
  Sequence sequence = 0;
  std::chrono::nanoseconds took{};
  std::uint64_t bytes = 0;
  std::optional<Error> failure;  ///< The older snapshots stand; the next one is tried in its time.
};

/// Concurrency: one owner calls everything; the work is done on a thread of idle priority. The two share no
/// lock and free no memory of each other, because a thread that gets no processor while it holds one stops
/// the sale.
class Snapshotter {
 public:
  Snapshotter(SnapshotStore* store, const Clock& clock) : store_(store), clock_(clock) {}
  ~Snapshotter();

  [[nodiscard]] bool is_enabled() const noexcept { return store_ != nullptr; }
  [[nodiscard]] bool is_idle() const noexcept { return state_.load(std::memory_order_acquire) == kIdle; }
  /// Only when idle.
  void offer(Snapshot snapshot, const ChainHash& hash);
  /// The report of the one that was offered, once, when it is done.
  [[nodiscard]] std::optional<SnapshotReport> collect();
  /// Waits for the one that was offered, then collects it. Nothing can be offered afterwards.
  [[nodiscard]] std::optional<SnapshotReport> finish();
  /// On the calling thread; after finish().
  [[nodiscard]] SnapshotReport write_now(Snapshot snapshot, const ChainHash& hash);

 private:
  struct Job {
    Snapshot snapshot;
    ChainHash hash{};
    SnapshotReport report;
  };
  enum State : int { kIdle, kOffered, kDone, kStopping };
  void run();
  void write(Job& job);

  SnapshotStore* const store_;
  const Clock& clock_;
  std::atomic<int> state_{kIdle};
  std::optional<Job> job_;  ///< The thread's while kOffered, otherwise the owner's.
  std::thread thread_;
};

}  // namespace scalemart
