#include "domain/money_text.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace scalemart {
namespace {

struct Row {
  MinorUnits amount;
  Currency currency;
  const char* text;
};

TEST(MoneyText, FollowsTheCurrencysMinorUnit) {
  const Row rows[] = {
      {0, {{'E', 'U', 'R'}}, "0.00 EUR"},
      {5, {{'E', 'U', 'R'}}, "0.05 EUR"},
      {1999, {{'U', 'S', 'D'}}, "19.99 USD"},
      {100000, {{'U', 'S', 'D'}}, "1,000.00 USD"},
      {123456789, {{'E', 'U', 'R'}}, "1,234,567.89 EUR"},
      {1999, {{'J', 'P', 'Y'}}, "1,999 JPY"},
      {1999, {{'K', 'W', 'D'}}, "1.999 KWD"},
      {-1, {{'E', 'U', 'R'}}, "-0.01 EUR"},
      {std::numeric_limits<std::int64_t>::min(), {{'E', 'U', 'R'}}, "-92,233,720,368,547,758.08 EUR"},
  };
  for (const Row& row : rows) EXPECT_EQ(format_money(row.amount, row.currency), row.text);
}

}  // namespace
}  // namespace scalemart
