#include "app/store.hpp"

#include "backend/embedded/moved_mark.hpp"

namespace scalemart {

Result<Store> Store::open(const Config& config, const Clock& clock) {
  // Before the lock: opening would make files in it, and a restore would call it damaged from then on.
  if (std::filesystem::exists(config.data / "backup.json"))
    return error(config.data.string() + ": is a backup; restore it first: scalemart restore " + config.data.string() +
                 " --data NEW_FOLDER");
  Store store;
  auto folder = DataFolder::open(config.data);
  if (!folder) return folder.error();
  store.folder = std::move(*folder);
  if (std::string why = why_moved(config.data); !why.empty()) return error(std::move(why));
  store.reserve = std::make_unique<DiskReserve>(store.folder->path(),
                                                DiskReserve::Options{config.disk_reserve, config.disk_reserve}, clock);
  SqliteJournal::Options options;
  options.file = store.folder->file("journal.db");
  options.reserve = store.reserve.get();
  auto journal = SqliteJournal::open(std::move(options), clock);
  if (!journal) return journal.error();
  store.journal = std::move(*journal);
  store.snapshots = std::make_unique<SnapshotFiles>(store.folder->path());
  return store;
}

}  // namespace scalemart
