#pragma once
// Snapshots in memory that fail and rot.

#include <map>
#include <vector>

#include "port/snapshot_store.hpp"
#include "tests/sim/dice.hpp"
#include "tests/sim/fuse.hpp"

namespace scalemart::sim {

/// Purpose: port/snapshot_store.hpp; keeps the last two. Like the file it stands for, it notices damage: a
/// block that was changed, or an end that is missing, is an error when it is read.
class Snapshots final : public SnapshotStore {
 public:
  explicit Snapshots(Fuse& fuse) : fuse_(fuse) {}

  Result<void> write(const JournalHead& at, const std::function<Result<void>(const Sink&)>& produce) override;
  [[nodiscard]] std::vector<Sequence> list() const override;
  [[nodiscard]] Result<std::unique_ptr<Reader>> open(Sequence sequence) override;

  /// The next write fails after so many blocks, and leaves the older ones as they were.
  void fail_next(std::uint64_t after_blocks) { fails_after_ = after_blocks; }
  /// False: there is none.
  bool damage_newest(Dice& dice);

 private:
  struct Stored {
    JournalHead at;
    std::vector<std::vector<std::byte>> blocks;
    std::size_t first_bad = SIZE_MAX;
  };
  class InMemory;

  Fuse& fuse_;
  std::map<Sequence, Stored> all_;
  std::optional<std::uint64_t> fails_after_;
};

}  // namespace scalemart::sim
