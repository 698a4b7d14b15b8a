#include "backend/postgresql/values.hpp"

#include <gtest/gtest.h>

namespace scalemart::pg {
namespace {

TEST(Texts, OnlyUtf8WithoutNulIsStorable) {
  EXPECT_TRUE(is_storable(""));
  EXPECT_TRUE(is_storable("Grüße \xe2\x82\xac \xf0\x9f\x91\x9f"));
  for (const std::string_view bad :
       {std::string_view("a\0b", 3), std::string_view("\xff"), std::string_view("\xc0\x80"),
        std::string_view("\xed\xa0\x80"), std::string_view("\xf4\x90\x80\x80"), std::string_view("\xe2\x82"),
        std::string_view("\xe0\x80\x80"), std::string_view("\xf0\x80\x80\x80"), std::string_view("\x80")})
    EXPECT_FALSE(is_storable(bad));
  EXPECT_EQ(storable("a\xff"
                     "b\xe2\x82"),
            "a?b??");
  EXPECT_EQ(storable("\xe2\x82\xac"), "\xe2\x82\xac");
}

}  // namespace
}  // namespace scalemart::pg
