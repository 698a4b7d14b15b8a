#include "app/rehearse/report_page.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace scalemart::rehearse {
namespace {

const std::string kPage = "<!doctype html><body>" + std::string(kReportPlace) + "<script>draw(null)</script></body>";

/// What a browser would find in the element.
std::string read_back(const std::string& page) {
  const std::string open = R"(<script id="rehearsal" type="application/json">)";
  const auto begin = page.find(open) + open.size();
  return page.substr(begin, page.find("</script>", begin) - begin);
}

TEST(ReportPage, TheReportTakesThePlaceOfNull) {
  const auto page = fill_report_page(kPage, {{"kind", "scalemart-rehearsal"}, {"accepted", 7}});
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(*page,
            "<!doctype html><body><script id=\"rehearsal\" type=\"application/json\">"
            "{\"kind\":\"scalemart-rehearsal\",\"accepted\":7}</script><script>draw(null)</script></body>");
}

TEST(ReportPage, NothingInTheReportEndsTheElement) {
  const boost::json::object report{{"</script><script>alert(1)</script>", "<!-- <script"},
                                   {"lines", "a\u2028b\u2029c \u20ac \u2027 \\u003c \"<\""}};
  const auto page = fill_report_page(kPage, report);
  ASSERT_TRUE(page) << page.error().message;
  const std::string inside = read_back(*page);
  EXPECT_EQ(inside.find('<'), std::string::npos);
  EXPECT_EQ(inside.find("\u2028"), std::string::npos);
  EXPECT_EQ(inside.find("\u2029"), std::string::npos);
  EXPECT_EQ(boost::json::parse(inside), boost::json::value(report)) << "and reads as it was";
}

TEST(ReportPage, APageWithoutThePlaceOrWithTwoIsRefused) {
  EXPECT_FALSE(fill_report_page("", {}));
  EXPECT_FALSE(fill_report_page("<script id=\"rehearsal\">null</script>", {}));
  EXPECT_FALSE(fill_report_page(kPage + kPage, {}));
}

}  // namespace
}  // namespace scalemart::rehearse
