#include <gtest/gtest.h>

#include "backend/invoice/pdf.hpp"
#include "backend/invoice/win_ansi.hpp"

namespace scalemart {
namespace {

InvoiceData lamp() {
  InvoiceData data;
  data.order = *parse_ulid<OrderId>("01KA1234567890ABCDEFGHJKMN");
  data.product_id = "desk-lamp";
  data.product_name = "Desk lamp";
  data.quantity = 2;
  data.unit_price = 4990;
  data.ordered_at = {1'764'000'000'000};
  data.confirmed_at = {1'764'000'002'500};
  return data;
}

TEST(Invoice, IsASmallPdfThatDependsOnItsDataAlone) {
  const auto first = render_invoice(lamp(), "ScaleMart");
  const auto second = render_invoice(lamp(), "ScaleMart");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, *second);
  EXPECT_TRUE(first->starts_with("%PDF-1."));
  EXPECT_NE(first->find("%%EOF"), std::string::npos);
  EXPECT_EQ(first->find("/CreationDate"), std::string::npos);
  EXPECT_EQ(first->find("/ID"), std::string::npos);
  EXPECT_LT(first->size(), 5'000u);
  InvoiceData other = lamp();
  other.quantity = 3;
  EXPECT_NE(*render_invoice(other, "ScaleMart"), *first);
}

TEST(Invoice, TheLongestNamesAndAmountsStillFit) {
  InvoiceData data = lamp();
  data.unit_price = kPriceMax;
  data.quantity = 10;
  for (const char* piece : {"W", "Wide words ", "\xc3\x9c", "\xe6\xbc\xa2", "(\\)", " "}) {
    data.product_name.clear();
    while (data.product_name.size() < 800) data.product_name += piece;
    const auto pdf = render_invoice(data, "ScaleMart");
    ASSERT_TRUE(pdf) << pdf.error().message;
    EXPECT_LT(pdf->size(), 20'000u);
  }
  data.product_name.clear();
  EXPECT_TRUE(render_invoice(data, ""));
}

TEST(WinAnsi, KeepsLatinAndTransliteratesTheRest) {
  struct Row {
    const char* utf8;
    const char* bytes;
  };
  const Row rows[] = {
      {"Lamp", "Lamp"},
      {"Gr\xc3\xbc\xc3\x9f"
       "e \xe2\x82\xac",
       "Gr\xfc\xdf"
       "e \x80"},
      {"\xc5\x81\xc3\xb3"
       "d\xc5\xba",
       "L\xf3"
       "dz"},
      {"\xd0\xa9\xd0\xb8", "Shchi"},
      {"\xce\x91\xce\xb8\xce\xae\xce\xbd\xce\xb1", "Athina"},
      {"\xe6\xbc\xa2\xe5\xad\x97", "??"},
      {"a\nb\tc", "a b c"},
      {"bad \xff\xc3", "bad ??"},
      {"\xc0\xaf", "??"},
      {"e\xcc\x81", "e"},
  };
  for (const Row& row : rows) EXPECT_EQ(to_win_ansi(row.utf8), row.bytes) << row.utf8;
}

}  // namespace
}  // namespace scalemart
