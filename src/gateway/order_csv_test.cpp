#include "gateway/order_csv.hpp"

#include <gtest/gtest.h>

namespace scalemart {
namespace {

std::string field(std::string_view text) {
  std::string out;
  append_csv_field(out, text);
  return out;
}

TEST(OrderCsv, QuotesWhatRfc4180AsksFor) {
  EXPECT_EQ(field("plain"), "plain");
  EXPECT_EQ(field("a,b"), "\"a,b\"");
  EXPECT_EQ(field("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(field("two\nlines"), "\"two\nlines\"");
}

TEST(OrderCsv, NeverStartsAFormula) {
  for (const char* evil : {"=1+1", "+1", "-1", "@SUM(A1)", "\tx"}) EXPECT_EQ(field(evil).substr(0, 1), "'") << evil;
  EXPECT_EQ(field("=a,b"), "\"'=a,b\"");
}

TEST(OrderCsv, HasAsManyFieldsAsItsHead) {
  ArchivedOrder order;
  order.order.product_id = "shoe";
  std::string row;
  append_csv(row, order);
  const auto commas = [](const std::string& text) { return std::count(text.begin(), text.end(), ','); };
  EXPECT_EQ(commas(row), commas(order_csv_head()));
}

}  // namespace
}  // namespace scalemart
