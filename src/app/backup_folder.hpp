#pragma once
// What a backup looks like: copies of the shop's files, and `backup.json`, which lists them with their
// SHA-256. backup.json is written last: a folder without it is not a backup.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/ids.hpp"

namespace scalemart {

inline constexpr std::string_view kSharedBackup =
    "a shared shop is in its database, which has tools for that: pg_basebackup or pg_dump and pg_restore (PostgreSQL), "
    "mongodump and mongorestore (MongoDB)";

struct BackupFile {
  std::string name;  ///< Relative, with /.
  std::uint64_t bytes = 0;
  std::string sha256;  ///< Hex.
};

struct BackupManifest {
  WallTime made_at;
  Sequence head = 0;      ///< The last record in it.
  std::string head_hash;  ///< Hex.
  std::vector<BackupFile> files;
};

/// The folder a backup may be written to: absent (it is made, mode 0700) or empty.
[[nodiscard]] Result<void> prepare_backup(const std::filesystem::path& folder);
/// Hashes and syncs every file of the folder, then writes backup.json. The sum of their bytes.
[[nodiscard]] Result<std::uint64_t> seal_backup(const std::filesystem::path& folder, WallTime now, Sequence head,
                                                const std::string& head_hash);
/// Reads backup.json and compares every file with it.
[[nodiscard]] Result<BackupManifest> read_backup(const std::filesystem::path& folder);
/// Copies the files to `data`, which is absent or empty; synced, mode 0600 in folders of 0700. On an error
/// what was copied is removed again.
[[nodiscard]] Result<void> restore_backup(const std::filesystem::path& folder, const BackupManifest& manifest,
                                          const std::filesystem::path& data);

}  // namespace scalemart
