#include "backend/files/sharded_folder.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <atomic>
#include <system_error>

#include "backend/embedded/durable_file.hpp"

namespace scalemart {

ShardedFolder::ShardedFolder(std::filesystem::path root, std::string extension)
    : root_(std::move(root)), extension_(std::move(extension)) {}

std::filesystem::path ShardedFolder::path_of(OrderId order, std::string_view kind) const {
  const std::string id = to_string(order);
  const std::string name = kind.empty() ? id : id + "." + std::string(kind);
  return root_ / id.substr(24, 2) / (name + "." + extension_);
}

Result<void> ShardedFolder::put(OrderId order, std::string_view content, std::string_view kind) const {
  static std::atomic<std::uint64_t> unique{0};
  const std::filesystem::path path = path_of(order, kind);
  std::filesystem::path aside = path;
  aside += ".tmp" + std::to_string(getpid()) + "-" + std::to_string(unique++);
  const int flags = O_WRONLY | O_CREAT | O_EXCL;
  Result<FileHandle> file = open_file(aside, flags);
  if (!file) {
    std::error_code failed;
    std::filesystem::create_directories(path.parent_path(), failed);
    if (failed) return error(path.parent_path().string() + ": " + failed.message());
    file = open_file(aside, flags);
    if (!file) return file.error();
  }
  const Result<void> written = write_all(*file, aside, std::as_bytes(std::span(content)));
  if (written && ::rename(aside.c_str(), path.c_str()) == 0) return {};
  const Error failure = written ? system_error(path, "rename") : written.error();
  ::unlink(aside.c_str());
  return failure;
}

Result<std::string> ShardedFolder::get(OrderId order, std::size_t max) const {
  return read_small_file(path_of(order), max);
}

}  // namespace scalemart
