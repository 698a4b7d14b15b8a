#pragma once
// Snapshots as files: snapshot-SEQUENCE in the data folder, the newest two.
//
//   file  = magic:16 "scalemart snap 1"  sequence:u64  chain hash:32  block*  end
//   block = length:u32 (1..4 MiB)  bytes  check:32      check = SHA-256(check before || number || length ||
//   bytes) end   = 0:u32  check:32                             the check before block 0 covers sequence and
//   chain hash
// All little-endian. A block that is changed, missing, doubled or out of place fails its check.

#include <filesystem>

#include "port/snapshot_store.hpp"

namespace scalemart {

/// Purpose: see port/snapshot_store.hpp.
/// Operation: written beside as .tmp, synced every few megabytes so that the journal's own syncs never wait
/// for much of it, then renamed. A damaged file is an error of its
/// reader; the caller takes the older one.
/// Concurrency: one caller at a time; meant for a thread of its own.
class SnapshotFiles final : public SnapshotStore {
 public:
  explicit SnapshotFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  Result<void> write(const JournalHead& at, const std::function<Result<void>(const Sink&)>& produce) override;
  [[nodiscard]] std::vector<Sequence> list() const override;
  [[nodiscard]] Result<std::unique_ptr<Reader>> open(Sequence sequence) override;

  [[nodiscard]] std::filesystem::path file(Sequence sequence) const;

 private:
  void remove_all_but_newest() const;
  std::filesystem::path folder_;
};

}  // namespace scalemart
