#include "app/rehearse/report_page.hpp"

#include <boost/json/serialize.hpp>

namespace scalemart::rehearse {
namespace {

/// JSON that is also safe inside a script element: of these characters only strings are made, so escapes do.
std::string script_json(const boost::json::object& report) {
  const std::string plain = boost::json::serialize(report);
  std::string out;
  out.reserve(plain.size());
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const std::string_view rest = std::string_view(plain).substr(i);
    if (rest.front() == '<') {
      out += "\\u003c";
    } else if (rest.starts_with("\u2028") || rest.starts_with("\u2029")) {
      out += rest.starts_with("\u2028") ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += rest.front();
    }
  }
  return out;
}

}  // namespace

Result<std::string> fill_report_page(std::string_view page, const boost::json::object& report) {
  const auto at = page.find(kReportPlace);
  if (at == std::string_view::npos) return error("the page has no place for a report");
  if (page.find(kReportPlace, at + 1) != std::string_view::npos)
    return error("the page has more than one place for a report");
  const auto null = at + kReportPlace.find("null");
  std::string out(page.substr(0, null));
  out += script_json(report);
  out += page.substr(null + 4);
  return out;
}

}  // namespace scalemart::rehearse
