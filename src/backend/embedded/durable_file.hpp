#pragma once
// Files that are there after a power cut: written aside, synced, renamed, and the folder synced too.
// Source: Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/result.hpp"

namespace scalemart {

/// Owns a file descriptor.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int fd) : fd_(fd) {}
  FileHandle(FileHandle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileHandle& operator=(FileHandle&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileHandle();
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// Which file a name means.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};
/// Nothing: the name means none. Costs a stat.
[[nodiscard]] std::optional<FileIdentity> file_identity(const char* path) noexcept;

/// "PATH: DOING: what errno says".
[[nodiscard]] Error system_error(const std::filesystem::path& path, std::string_view doing);

/// Opens with O_CLOEXEC; new files get mode 0600.
[[nodiscard]] Result<FileHandle> open_file(const std::filesystem::path& path, int flags);
/// Writes all of it, whatever signals say.
[[nodiscard]] Result<void> write_all(const FileHandle& file, const std::filesystem::path& path,
                                     std::span<const std::byte> bytes);
[[nodiscard]] Result<void> sync_file(const FileHandle& file, const std::filesystem::path& path);
[[nodiscard]] Result<void> sync_folder(const std::filesystem::path& folder);
/// Renames over `to`, then syncs the folder: the new content is there, or the old one.
[[nodiscard]] Result<void> replace_file(const std::filesystem::path& from, const std::filesystem::path& to);
/// A small file, mode 0600, whole or as it was before.
[[nodiscard]] Result<void> write_file_durably(const std::filesystem::path& path, std::string_view content);
/// At most `max` bytes; a longer file is an error.
[[nodiscard]] Result<std::string> read_small_file(const std::filesystem::path& path, std::size_t max);

}  // namespace scalemart
