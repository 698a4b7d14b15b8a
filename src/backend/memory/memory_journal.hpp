#pragma once
// A journal for simulations: in memory, deterministic, and it fails when it is told to.

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "backend/embedded/journal_chain.hpp"
#include "base/random.hpp"
#include "domain/wire.hpp"
#include "port/journal.hpp"

namespace scalemart {

/// Purpose: port/journal.hpp with the disk's behaviour as parameters. Records pass through the real codec and
/// chain. What was synced survives crash(); with lying syncs (a mutant: synced in name only) a crash may lose
/// any number of the last batches.
/// Concurrency: one thread; has_room_for_buys() from any.
class MemoryJournal final : public Journal {
 public:
  enum class Fault : std::uint8_t {
    none,
    no_space,              ///< The disk is full; see also set_reserve().
    fatal_before_durable,  ///< The process dies in append(), and the batch is not on the disk.
    fatal_after_durable,   ///< The same, but the batch is there: the outcome that nobody was told.
  };
  /// Thrown where a real journal would end the process.
  struct Died {};

  MemoryJournal() = default;

  /// The fault of the append that comes after `skip` others.
  void script(Fault fault, std::uint64_t skip = 0) { script_.push_back({fault, skip}); }
  /// How many release batches a full disk still takes.
  void set_reserve(std::uint64_t batches) { reserve_ = batches; }
  void set_room(bool room) { room_.store(room); }
  void set_lying_sync(bool lying) { lying_ = lying; }

  /// The power is cut: what the next process finds. This journal is not to be used any more.
  [[nodiscard]] std::unique_ptr<MemoryJournal> crash(Random& random);
  /// Damages one byte of the batch that holds `sequence`, for tests of who checks.
  void damage(Sequence sequence);

  Appended append(std::span<const Record> records, bool for_release) override;
  [[nodiscard]] JournalHead head() const override;
  Result<void> replay(Sequence after, const ChainHash& known, const std::function<void(const Record&)>& visit) override;
  Result<Sequence> read(Sequence after, std::size_t max, const std::function<void(const Record&)>& visit) override;
  [[nodiscard]] bool has_room_for_buys() const noexcept override { return room_.load(); }

 private:
  struct Batch {
    Sequence first = 0;
    std::uint64_t count = 0;
    Bytes bytes;
    ChainHash hash{};
    bool synced = true;
    [[nodiscard]] Sequence last() const { return first + count - 1; }
  };
  struct Scripted {
    Fault fault;
    std::uint64_t skip;
  };
  [[nodiscard]] Fault next_fault();

  std::vector<Batch> batches_;
  std::deque<Scripted> script_;
  std::uint64_t reserve_ = 0;
  std::atomic<bool> room_{true};
  bool lying_ = false;
  ChainHasher hasher_;
};

}  // namespace scalemart
