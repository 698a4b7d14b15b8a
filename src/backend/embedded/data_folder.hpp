#pragma once
// The folder that holds everything of one shop: journal, snapshots, queries, keys.

#include <filesystem>
#include <memory>
#include <string_view>

#include "backend/embedded/durable_file.hpp"
#include "base/result.hpp"

namespace scalemart {

/// What this program writes, in the folder's `version` file. A newer number is refused.
inline constexpr int kDataFormat = 1;

/// Purpose: makes or opens the folder (mode 0700), and keeps every other process out of it for as long as
/// the object lives (flock on `lock`, which also names the holder's pid; the kernel frees it on any death).
/// Errors: one line that names the folder and what to do. A folder with foreign files is not taken over.
class DataFolder {
 public:
  [[nodiscard]] static Result<std::unique_ptr<DataFolder>> open(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] std::filesystem::path file(std::string_view name) const { return path_ / name; }
  /// It was made by this open().
  [[nodiscard]] bool is_new() const noexcept { return is_new_; }

 private:
  DataFolder(std::filesystem::path path, FileHandle lock, bool is_new)
      : path_(std::move(path)), lock_(std::move(lock)), is_new_(is_new) {}
  std::filesystem::path path_;
  FileHandle lock_;
  bool is_new_;
};

/// Purpose: a folder to look at and not to change: a shop's that nobody has open, or a backup. Where it has a
/// lock file it is held for as long as the object lives; none is made. Errors: one line, as above; also when
/// the folder is none of ours.
class FolderLook {
 public:
  [[nodiscard]] static Result<FolderLook> open(const std::filesystem::path& path);
  /// An error when a process opened it meanwhile, which only one without a lock file allows.
  [[nodiscard]] Result<void> still_alone() const;

 private:
  FolderLook(std::filesystem::path path, FileHandle lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  std::filesystem::path path_;
  FileHandle lock_;
};

}  // namespace scalemart
