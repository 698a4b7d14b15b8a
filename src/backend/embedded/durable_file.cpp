#include "backend/embedded/durable_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

namespace scalemart {

namespace fs = std::filesystem;

FileHandle::~FileHandle() {
  if (fd_ >= 0) ::close(fd_);
}

std::optional<FileIdentity> file_identity(const char* path) noexcept {
  struct stat info {};
  if (::stat(path, &info) != 0) return std::nullopt;
  return FileIdentity{info.st_dev, info.st_ino};
}

Error system_error(const fs::path& path, std::string_view doing) {
  const int number = errno;
  return error(path.string() + ": " + std::string(doing) + ": " + std::generic_category().message(number));
}

Result<FileHandle> open_file(const fs::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (fd < 0) return system_error(path, "open");
  return FileHandle(fd);
}

Result<void> write_all(const FileHandle& file, const fs::path& path, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return system_error(path, "write");
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> sync_file(const FileHandle& file, const fs::path& path) {
  if (::fsync(file.get()) != 0) return system_error(path, "fsync");
  return {};
}

Result<void> sync_folder(const fs::path& folder) {
  auto handle = open_file(folder, O_RDONLY | O_DIRECTORY);
  if (!handle) return handle.error();
  return sync_file(*handle, folder);
}

Result<void> replace_file(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return system_error(to, "rename");
  return sync_folder(to.parent_path());
}

Result<void> write_file_durably(const fs::path& path, std::string_view content) {
  const fs::path aside = path.string() + ".tmp";
  {
    auto file = open_file(aside, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file) return file.error();
    if (auto done = write_all(*file, aside, std::as_bytes(std::span(content))); !done) return done;
    if (auto done = sync_file(*file, aside); !done) return done;
  }
  return replace_file(aside, path);
}

Result<std::string> read_small_file(const fs::path& path, std::size_t max) {
  auto file = open_file(path, O_RDONLY);
  if (!file) return file.error();
  std::string content(max + 1, '\0');
  std::size_t used = 0;
  for (;;) {
    const ssize_t n = ::read(file->get(), content.data() + used, content.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(path, "read");
    if (n == 0) break;
    used += static_cast<std::size_t>(n);
    if (used > max) return error(path.string() + ": longer than " + std::to_string(max) + " bytes");
  }
  content.resize(used);
  return content;
}

}  // namespace scalemart
