#pragma once
// Files that travel inside the program, served as routes of their own.
//
// There is no path to walk out of: every file is one literal route, looked up in the routing table. Contents
// do not change while the program runs, so an ETag is made once; browsers ask again and are told 304.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/embedded_file.hpp"
#include "gateway/route.hpp"

namespace scalemart {

struct SiteFile {
  std::string url;            ///< "/docs"
  std::string operation_id;   ///< Of the API document; empty: not part of the API.
  std::string_view name;      ///< Its ending tells the content type.
  std::string_view content;   ///< Outlives the routes.
  std::string_view gzipped;   ///< The same, compressed beforehand; empty: none.
  bool is_immutable = false;  ///< Its name changes with its content: may be cached for ever.
};

[[nodiscard]] Routes file_routes(const std::vector<SiteFile>& files);

/// api/openapi.json as /openapi.json, api/docs.html as /docs, api/start.html as /, any other api/NAME as
/// /NAME; NAME.gz is the compressed form of NAME.
[[nodiscard]] std::vector<SiteFile> api_site(std::span<const EmbeddedFile> files);

/// "text/html; charset=utf-8" and so on, by the name's ending.
[[nodiscard]] std::string_view content_type_of(std::string_view name);

}  // namespace scalemart
