#pragma once
// Files that travel inside the program (see cmake/ScaleMartEmbed.cmake).

#include <span>
#include <string_view>

namespace scalemart {

struct EmbeddedFile {
  std::string_view path;  ///< Prefix and name, as in CMakeLists.txt: "pages/assets/app-1a2b3c4d.js".
  const char* begin;
  const char* end;
  [[nodiscard]] std::string_view content() const { return {begin, static_cast<std::size_t>(end - begin)}; }
};

/// Under "api/": the API document and the explorer.
std::span<const EmbeddedFile> api_files();
/// Under "pages/": the storefront and the console, as web/ builds them. Empty: built without them.
std::span<const EmbeddedFile> page_files();
/// Under "mail/": the texts of mails to buyers.
std::span<const EmbeddedFile> mail_files();
/// Under "report/": the page that draws a rehearsal's report, one file. Empty: built without it.
std::span<const EmbeddedFile> report_files();

/// The API document; it is always there.
[[nodiscard]] inline std::string_view api_document_text() {
  for (const EmbeddedFile& file : api_files())
    if (file.path == "api/openapi.json") return file.content();
  return {};
}

}  // namespace scalemart
