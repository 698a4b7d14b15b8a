#pragma once
// A rehearsal's report as one page that draws itself.

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace scalemart::rehearse {

/// Where the report goes; the page has it exactly once.
inline constexpr std::string_view kReportPlace = R"(<script id="rehearsal" type="application/json">null</script>)";

/// The page with the report in it. Nothing in the report can end the script element. An error: the page has no place
/// for it, or more than one.
[[nodiscard]] Result<std::string> fill_report_page(std::string_view page, const boost::json::object& report);

}  // namespace scalemart::rehearse
