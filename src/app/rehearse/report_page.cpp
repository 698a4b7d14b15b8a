#include "app/rehearse/report_page.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/embedded_file.hpp"

namespace scalemart::rehearse {
namespace {

/// As web/report.html has it.
constexpr std::string_view kElement = R"(<script id="rehearsal" type="application/json">)";
constexpr std::string_view kNothing = "null</script>";

}  // namespace

Result<std::string_view> report_template() {
  for (const EmbeddedFile& file : report_files())
    if (file.path == "report/report.html") return file.content();
  return error("this program was built without its pages");
}

Result<std::string> report_page(std::string_view page, const boost::json::object& report) {
  const auto at = page.find(std::string(kElement) + std::string(kNothing));
  if (at == std::string_view::npos) return error("the page has no place for a report");
  const std::string json = boost::json::serialize(report);
  std::string out;
  out.reserve(page.size() + json.size() + json.size() / 8);
  out.append(page.substr(0, at + kElement.size()));
  for (const char c : json) {
    if (c == '<')
      out.append("\\u003c");  // "</script>" inside a text would end the element
    else
      out.push_back(c);
  }
  out.append(page.substr(at + kElement.size() + std::string_view("null").size()));
  return out;
}

}  // namespace scalemart::rehearse
