#pragma once
// A rehearsal's report as one file that a browser opens from the disk.

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace scalemart::rehearse {

/// The page that draws reports, as web/ built it. An error when the program was built without the pages.
[[nodiscard]] Result<std::string_view> report_template();

/// The page with this report in it. Nothing in the report can end the element that it stands in.
/// Error: the page has no place for a report.
[[nodiscard]] Result<std::string> report_page(std::string_view page, const boost::json::object& report);

}  // namespace scalemart::rehearse
