#include "domain/mail_address.hpp"

#include <gtest/gtest.h>

#include <string>

namespace scalemart {
namespace {

TEST(MailAddress, IsPlainAsciiWithOneAt) {
  for (const char* good : {"a@b", "ann.o'neil+shop@mail.example.com", "x_y-z@example.co"})
    EXPECT_TRUE(is_mail_address(good)) << good;
  for (const char* bad : {"", "a", "@b", "a@", "a b@c", "a@b@c", "a@b>", "<a@b", ".a@b", "a.@b", "a..b@c", "a@b..c",
                          "a@b\n", "\xc3\xa9@b", "a,b@c", "\"a\"@b"})
    EXPECT_FALSE(is_mail_address(bad)) << bad;
  EXPECT_FALSE(is_mail_address(std::string(65, 'a') + "@b"));
}

}  // namespace
}  // namespace scalemart
