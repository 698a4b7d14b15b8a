#include "backend/embedded/data_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace scalemart {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kVersionPrefix = "scalemart data ";

/// Files that any fresh mount or checkout may have.
bool is_neutral(const std::string& name) {
  return name == "lost+found" || name == "lock" || name.starts_with('.');
}

Result<void> require_ours_or_empty(const fs::path& path) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(path, failed)) {
    const std::string name = entry.path().filename().string();
    if (!is_neutral(name))
      return error(path.string() + ": holds '" + name + "' and no scalemart data: name an empty folder");
  }
  if (failed) return error(path.string() + ": " + failed.message());
  return {};
}

Result<void> hold(const FileHandle& file, const fs::path& path) {
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return {};
  if (errno != EWOULDBLOCK) return system_error(path / "lock", "lock");
  char pid[32] = {};
  const ssize_t n = ::pread(file.get(), pid, sizeof pid - 1, 0);
  std::string holder(pid, n > 0 ? static_cast<std::size_t>(n) : 0);
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return error(path.string() + ": is in use by process " + (holder.empty() ? "(unknown)" : holder));
}

Result<FileHandle> take_lock(const fs::path& path) {
  const fs::path name = path / "lock";
  auto file = open_file(name, O_RDWR | O_CREAT);
  if (!file) return file.error();
  if (auto held = hold(*file, path); !held) return held.error();
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file->get(), 0) != 0) return system_error(name, "truncate");
  // On a full disk the pid is missing from a later complaint; the lock holds all the same.
  static_cast<void>(!write_all(*file, name, std::as_bytes(std::span(pid))));
  return file;
}

Result<void> check_content_of_version(const fs::path& path) {
  const fs::path name = path / "version";
  auto content = read_small_file(name, 100);
  if (!content) return content.error();
  std::string_view text = *content;
  int format = 0;
  if (text.starts_with(kVersionPrefix)) {
    text.remove_prefix(kVersionPrefix.size());
    std::from_chars(text.data(), text.data() + text.size(), format);
  }
  if (format < 1) return error(name.string() + ": is damaged");
  if (format > kDataFormat)
    return error(path.string() + ": has format " + std::to_string(format) + ", this program knows up to " +
                 std::to_string(kDataFormat) + ": use the scalemart that wrote it");
  return {};
}

/// True: the folder is new and its version was written now.
Result<bool> check_version(const fs::path& path) {
  const fs::path name = path / "version";
  if (!fs::exists(name)) {
    if (auto empty = require_ours_or_empty(path); !empty) return empty.error();
    if (::chmod(path.c_str(), 0700) != 0) return system_error(path, "chmod");
    const std::string content = std::string(kVersionPrefix) + std::to_string(kDataFormat) + "\n";
    if (auto written = write_file_durably(name, content); !written) return written.error();
    return true;
  }
  if (auto known = check_content_of_version(path); !known) return known.error();
  return false;
}

}  // namespace

Result<std::unique_ptr<DataFolder>> DataFolder::open(const fs::path& given) {
  std::error_code failed;
  const fs::path path = fs::absolute(given, failed).lexically_normal();
  if (failed) return error(given.string() + ": " + failed.message());
  if (!path.parent_path().empty()) {
    fs::create_directories(path.parent_path(), failed);
    if (failed) return error(path.parent_path().string() + ": " + failed.message());
  }
  const bool made = ::mkdir(path.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return system_error(path, "mkdir");
  if (made) {
    if (auto synced = sync_folder(path.parent_path()); !synced) return synced.error();
  } else if (!fs::exists(path / "version")) {
    if (auto empty = require_ours_or_empty(path); !empty) return empty.error();
  }
  auto lock = take_lock(path);
  if (!lock) return lock.error();
  auto is_new = check_version(path);
  if (!is_new) return is_new.error();
  return std::unique_ptr<DataFolder>(new DataFolder(path, std::move(*lock), *is_new));
}

Result<FolderLook> FolderLook::open(const fs::path& path) {
  if (!fs::exists(path / "version")) return error(path.string() + ": holds no scalemart data");
  if (auto known = check_content_of_version(path); !known) return known.error();
  FileHandle lock;
  if (fs::exists(path / "lock")) {
    auto file = open_file(path / "lock", O_RDONLY);
    if (!file) return file.error();
    if (auto held = hold(*file, path); !held) return held.error();
    lock = std::move(*file);
  }
  return FolderLook(path, std::move(lock));
}

Result<void> FolderLook::still_alone() const {
  if (lock_.valid() || !fs::exists(path_ / "lock")) return {};
  return error(path_.string() + ": was opened by another process meanwhile");
}

}  // namespace scalemart
