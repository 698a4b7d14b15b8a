#pragma once
// The storefront and the console: two pages that find their way by the address, and the files they load.

#include <span>

#include "base/embedded_file.hpp"
#include "base/result.hpp"
#include "gateway/route.hpp"

namespace scalemart {

struct SitePages {
  Routes routes;
  Handler not_found;  ///< None without an index.html.
};

/// Purpose: pages/index.html at every address of the storefront, pages/admin.html at every address under /admin, every
/// other file under its own name. What lies in pages/assets/ is cached for ever: its names change with its content.
/// The storefront's addresses are a list (in pages.cpp), so that a wrong one is still 404; below /admin the console
/// decides.
/// `not_found` answers every other address: the storefront says that there is nothing.
/// Errors: a file that would hide one of `others`, or an address of the pages.
/// `files` are copied. Without any there are no routes.
[[nodiscard]] Result<SitePages> site_pages(std::span<const EmbeddedFile> files, const Routes& others);

}  // namespace scalemart
