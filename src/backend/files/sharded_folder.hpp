#pragma once
// Many small files, named by order, in 1024 folders.

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "domain/ids.hpp"

namespace scalemart {

/// Purpose: ROOT/ab/<ORDER>.<ext> (or <ORDER>.<kind>.<ext>), where ab are the id's last characters (the first are the
/// time). One level: a million orders are a thousand files a folder, while a second level would cost each order an
/// inode and a block of its own. Concurrency: thread-safe, also for the same order. Errors: a file is whole or not
/// there, for readers at any moment. It is not synced: after a power cut a young file may be missing or empty, so a
/// reader checks what it finds.
class ShardedFolder {
 public:
  ShardedFolder(std::filesystem::path root, std::string extension);
  [[nodiscard]] std::filesystem::path path_of(OrderId order, std::string_view kind = {}) const;
  [[nodiscard]] Result<void> put(OrderId order, std::string_view content, std::string_view kind = {}) const;
  /// An error also when there is none.
  [[nodiscard]] Result<std::string> get(OrderId order, std::size_t max) const;

 private:
  const std::filesystem::path root_;
  const std::string extension_;
};

}  // namespace scalemart
