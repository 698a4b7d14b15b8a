#include "app/rehearse/report_page.hpp"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

namespace scalemart::rehearse {
namespace {

constexpr std::string_view kPage = R"(<b>a</b><script id="rehearsal" type="application/json">null</script><b>z</b>)";

TEST(ReportPage, HoldsTheReportAndNothingBreaksOut) {
  const boost::json::object report{{"product", "</script><script>alert(1)</script><!--"}, {"rate", 5}};
  const auto page = report_page(kPage, report);
  ASSERT_TRUE(page);
  const std::string before = R"(<b>a</b><script id="rehearsal" type="application/json">)";
  const std::string after = "</script><b>z</b>";
  ASSERT_TRUE(page->starts_with(before) && page->ends_with(after)) << *page;
  const std::string inside = page->substr(before.size(), page->size() - before.size() - after.size());
  EXPECT_EQ(inside.find('<'), std::string::npos) << inside;
  EXPECT_EQ(boost::json::parse(inside), boost::json::value(report));
}

TEST(ReportPage, NeedsAPlaceForTheReport) {
  EXPECT_FALSE(report_page("<html></html>", {}));
}

TEST(ReportPage, OfTheProgramHasOne) {
  const auto page = report_template();
  if (!page) GTEST_SKIP() << "built without the pages (SCALEMART_EMBED_PAGES=OFF)";
  EXPECT_TRUE(report_page(*page, {{"product", "x"}}));
  EXPECT_EQ(page->find(" src=\"/"), std::string_view::npos) << "one file: it loads nothing";
}

}  // namespace
}  // namespace scalemart::rehearse
