#include "tests/sim/snapshots.hpp"

#include <utility>

namespace scalemart::sim {

class Snapshots::InMemory final : public SnapshotStore::Reader {
 public:
  InMemory(const Stored& stored, Fuse& fuse) : stored_(stored), fuse_(fuse) {}
  [[nodiscard]] const JournalHead& at() const override { return stored_.at; }
  [[nodiscard]] Result<std::span<const std::byte>> next() override {
    fuse_.burn();
    if (used_ >= stored_.first_bad) return error("block " + std::to_string(used_) + " is damaged");
    if (used_ == stored_.blocks.size()) return std::span<const std::byte>();
    return std::span<const std::byte>(stored_.blocks[used_++]);
  }

 private:
  const Stored& stored_;
  Fuse& fuse_;
  std::size_t used_ = 0;
};

Result<void> Snapshots::write(const JournalHead& at, const std::function<Result<void>(const Sink&)>& produce) {
  const auto fails_after = std::exchange(fails_after_, std::nullopt);
  Stored stored{at, {}, SIZE_MAX};
  auto done = produce([&](std::span<const std::byte> block) -> Result<void> {
    if (fails_after && stored.blocks.size() >= *fails_after) return error("no room for a snapshot");
    stored.blocks.emplace_back(block.begin(), block.end());
    return {};
  });
  if (!done) return done;
  all_.insert_or_assign(at.sequence, std::move(stored));
  while (all_.size() > 2) all_.erase(all_.begin());
  return {};
}

std::vector<Sequence> Snapshots::list() const {
  std::vector<Sequence> sequences;
  for (auto at = all_.rbegin(); at != all_.rend(); ++at) sequences.push_back(at->first);
  return sequences;
}

Result<std::unique_ptr<SnapshotStore::Reader>> Snapshots::open(Sequence sequence) {
  const auto at = all_.find(sequence);
  if (at == all_.end()) return error("there is no such snapshot");
  return std::unique_ptr<Reader>(std::make_unique<InMemory>(at->second, fuse_));
}

bool Snapshots::damage_newest(Dice& dice) {
  if (all_.empty()) return false;
  Stored& newest = all_.rbegin()->second;
  newest.first_bad = dice.below(newest.blocks.size() + 1);  // the last: its end is missing
  return true;
}

}  // namespace scalemart::sim
