#include "app/pages.hpp"

#include <algorithm>
#include <fstream>
#include <system_error>

namespace scalemart {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFilesMax = 4096;
constexpr std::size_t kBytesMax = 64 * 1024 * 1024;

Error fault(const std::string& what) {
  return error("SCALEMART_PAGES: " + what);
}

/// What an address can spell without escapes. One that it cannot would never be found.
bool is_plain_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
           c == '-' || c == '/';
  });
}

bool is_inside(const fs::path& path, const fs::path& folder) {
  const auto [end, _] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end();
}

}  // namespace

Result<Pages> Pages::open(const fs::path& folder) {
  Pages pages;
  if (folder.empty()) {
    pages.files_.assign(page_files().begin(), page_files().end());
    return pages;
  }
  try {
    if (auto done = pages.read(folder); !done) return done.error();
  } catch (const fs::filesystem_error& problem) {
    return fault(folder.string() + ": " + problem.code().message());
  }
  return pages;
}

Result<void> Pages::read(const fs::path& folder) {
  if (!fs::is_directory(folder)) return fault("there is no folder " + folder.string());
  const fs::path root = fs::canonical(folder);
  std::vector<fs::path> found;
  for (auto entry = fs::recursive_directory_iterator(root); entry != fs::recursive_directory_iterator(); ++entry) {
    if (entry->path().filename().string().starts_with('.')) {
      entry.disable_recursion_pending();
      continue;
    }
    if (entry->is_directory()) continue;
    const fs::path real = fs::canonical(entry->path());
    if (!is_inside(real, root) || !fs::is_regular_file(real))
      return fault(entry->path().string() + " is no file of this folder");
    if (found.size() == kFilesMax)
      return fault(folder.string() + " has more than " + std::to_string(kFilesMax) + " files");
    found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end());
  for (const fs::path& file : found)
    if (auto done = add(file, file.lexically_relative(root).generic_string()); !done) return done;
  if (std::none_of(files_.begin(), files_.end(), [](const EmbeddedFile& f) { return f.path == "pages/index.html"; }))
    return fault(folder.string() + " has no index.html");
  return {};
}

Result<void> Pages::add(const fs::path& file, std::string name) {
  if (!is_plain_name(name)) return fault(file.string() + ": names are made of letters, digits and ._-");
  std::ifstream in(file, std::ios::binary);
  std::string content;
  std::string piece(64 * 1024, '\0');
  while (in && content.size() + bytes_ <= kBytesMax) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    content.append(piece, 0, static_cast<std::size_t>(in.gcount()));
  }
  if (content.size() + bytes_ > kBytesMax) return fault("the files are larger than 64 MiB together");
  if (!in.eof()) return fault(file.string() + " cannot be read");
  bytes_ += content.size();
  const std::string& path = texts_.emplace_back("pages/" + std::move(name));
  const std::string& text = texts_.emplace_back(std::move(content));
  files_.push_back({path, text.data(), text.data() + text.size()});
  return {};
}

}  // namespace scalemart
