#pragma once
// Where the pages come from: the program itself, or a folder of the shop's own.

#include <deque>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/embedded_file.hpp"
#include "base/result.hpp"

namespace scalemart {

/// Purpose: the files of the pages in memory, read once. A request names one of them or nothing: the file system is not
/// asked again.
/// Bounds: 4,096 files, 64 MiB in all. Hidden files are left out. Links are followed inside the folder only.
/// Errors: one line that names the setting, the file and what is wrong.
class Pages {
 public:
  /// An empty `folder`: the embedded ones, which may be none.
  [[nodiscard]] static Result<Pages> open(const std::filesystem::path& folder);
  /// Named pages/...; good for as long as this lives, also when it is moved.
  [[nodiscard]] std::span<const EmbeddedFile> files() const { return files_; }

 private:
  [[nodiscard]] Result<void> read(const std::filesystem::path& folder);
  [[nodiscard]] Result<void> add(const std::filesystem::path& file, std::string name);

  std::vector<EmbeddedFile> files_;
  std::deque<std::string> texts_;  ///< Names and contents of what was read; a deque: views stay good.
  std::size_t bytes_ = 0;
};

}  // namespace scalemart
