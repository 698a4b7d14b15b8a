#pragma once
// Files that are served as they are.
//
// There is no path to walk out of: files are found by their whole name in tables made at the start. Contents do not
// change while the program runs, so an ETag is made once; browsers ask again and are told 304.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/embedded_file.hpp"
#include "gateway/route.hpp"

namespace scalemart {

/// A file and, when there is one, its compressed form: the file NAME.gz beside NAME.
struct SiteFile {
  std::string_view name;     ///< As embedded; its ending tells the content type.
  std::string_view content;  ///< Copied by serve_file(), as the next one.
  std::string_view gzipped;  ///< Empty: none.
};
[[nodiscard]] std::vector<SiteFile> pair_files(std::span<const EmbeddedFile> files);

/// How long a browser may believe what it has.
enum class Caching : std::uint8_t {
  revalidated,  ///< It asks every time, by ETag.
  immutable     ///< For ever: other content would have another name.
};

/// Answers GET and HEAD with one file.
[[nodiscard]] Handler serve_file(const SiteFile& file, Caching caching);
/// For a person who came to an address that nobody serves: the page (which says so itself) with status 404 for a
/// browser that asks for a page, the API's error for everybody else and below /api/.
[[nodiscard]] Handler serve_not_found(const SiteFile& page);
/// A route that is not part of the API.
[[nodiscard]] Route page_route(std::string path, Handler handler);

/// api/openapi.json as /openapi.json, api/docs.html as /docs, any other api/NAME as /NAME.
[[nodiscard]] Routes api_file_routes(std::span<const EmbeddedFile> files);

/// "text/html; charset=utf-8" and so on, by the name's ending.
[[nodiscard]] std::string_view content_type_of(std::string_view name);

}  // namespace scalemart
