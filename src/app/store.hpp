#pragma once
// What one data folder holds of the sale, opened: the lock, the journal, the snapshots, the disk's reserve.

#include <memory>

#include "app/config.hpp"
#include "backend/embedded/data_folder.hpp"
#include "backend/embedded/disk_reserve.hpp"
#include "backend/embedded/journal.hpp"
#include "backend/embedded/snapshot_file.hpp"
#include "base/clock.hpp"

namespace scalemart {

struct Store {
  std::unique_ptr<DataFolder> folder;
  std::unique_ptr<DiskReserve> reserve;
  std::unique_ptr<SqliteJournal> journal;
  std::unique_ptr<SnapshotFiles> snapshots;

  /// Takes the folder's lock and opens the journal; reads no records yet. The error names the folder or file.
  [[nodiscard]] static Result<Store> open(const Config& config, const Clock& clock);
};

}  // namespace scalemart
