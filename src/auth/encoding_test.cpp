#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "auth/base64url.hpp"
#include "auth/email.hpp"
#include "auth/flat_json.hpp"

namespace scalemart {
namespace {

std::optional<std::string> decode(std::string_view text) {
  std::string out(text.size(), '\0');
  const auto size = base64url_decode(text, out.data(), out.size());
  if (!size) return std::nullopt;
  out.resize(*size);
  return out;
}

TEST(Base64Url, RoundTripsAndHasOneTextForOneValue) {
  rc::check("decode(encode(x)) == x, and every decodable text is an encoding",
            [](const std::string& bytes, const std::string& noise) {
              RC_ASSERT(decode(base64url_encode(bytes)) == bytes);
              if (const auto value = decode(noise)) RC_ASSERT(base64url_encode(*value) == noise);
            });
}

TEST(Base64Url, RefusesWhatIsNotCanonical) {
  EXPECT_EQ(decode("TQ"), "M");
  EXPECT_EQ(decode("TWE"), "Ma");
  EXPECT_EQ(decode("_-8"), "\xff\xef");
  for (const char* text : {"T", "TQ==", "TQ=", "TR", "TX", "TWF", "TWH", "+/8", "TWFu\n", " TWFu", "TW Fu",
                           "TWFu=", "TWFuT", "T*Fu", "\x80WFu"})
    EXPECT_FALSE(decode(text)) << text;
  char small[2];
  EXPECT_FALSE(base64url_decode("TWFu", small, sizeof small));
}

TEST(FlatJson, ReadsStringsAndIntegers) {
  const auto json = FlatJson::parse(" { \"a\" : \"x\", \"n\":-12,\"z\":0,\"t\":true,\"f\":false,\"u\":null } ");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->size(), 6u);
  EXPECT_EQ(json->string("a"), "x");
  EXPECT_EQ(json->integer("n"), -12);
  EXPECT_EQ(json->integer("z"), 0);
  EXPECT_FALSE(json->integer("a"));
  EXPECT_FALSE(json->string("n"));
  EXPECT_FALSE(json->string("t"));
  EXPECT_FALSE(json->string("missing"));
  EXPECT_TRUE(FlatJson::parse("{}"));
}

TEST(FlatJson, RefusesEverythingElse) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "[]",
                           "null",
                           "\"a\"",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{,}",
                           "{\"a\":1 \"b\":2}",
                           "{\"a\":1}x",
                           "{a:1}",
                           "{'a':1}",
                           "{\"a\":1,\"a\":1}",
                           "{\"a\":\"x\\n\"}",
                           "{\"\\u0061\":1}",
                           "{\"a\":[1]}",
                           "{\"a\":{}}",
                           "{\"a\":1.0}",
                           "{\"a\":1e3}",
                           "{\"a\":01}",
                           "{\"a\":+1}",
                           "{\"a\":-}",
                           "{\"a\":--1}",
                           "{\"a\":9223372036854775808}",
                           "{\"a\":NaN}",
                           "{\"a\":tru}",
                           "{\"a\":True}",
                           "{\"a\":truex}",
                           "{\"a\":\"x}",
                           "{\"a\":\"\x01\"}",
                           "{\"a\":\"\xc3\xa9\"}",
                           "{\"a\":1}\xef\xbb\xbf",
                           "\xef\xbb\xbf{\"a\":1}",
                           "{\"a\":0x1}",
                           "{/**/\"a\":1}"})
    EXPECT_FALSE(FlatJson::parse(text)) << text;
  std::string many = "{";
  for (int i = 0; i < 33; ++i) many += "\"m" + std::to_string(i) + "\":1,";
  many.back() = '}';
  EXPECT_FALSE(FlatJson::parse(many));
  EXPECT_FALSE(FlatJson::parse(std::string("{\"a\":1}\0", 8)));
}

TEST(FlatJson, NeverReadsBeyondAnything) {
  rc::check("any bytes are answered", [](const std::string& bytes) { (void)FlatJson::parse(bytes); });
}

TEST(Email, NormalisesCaseAndRefusesWhatIsNone) {
  EXPECT_EQ(normalise_email("Ann.Smith+Sale@Example.COM"), "ann.smith+sale@example.com");
  EXPECT_EQ(normalise_email("a@b"), "a@b");
  EXPECT_TRUE(normalise_email("m\xc3\xbcller@example.com"));
  for (const char* text :
       {"", "a", "@", "a@", "@b", "a@b@c", "a b@c", "a@b c", "a@b\r\nBcc: x@y", "a\t@b", "a@b\x7f", " a@b", "a@b "})
    EXPECT_FALSE(normalise_email(text)) << text;
  EXPECT_FALSE(normalise_email(std::string("a\0@b", 4)));
  EXPECT_TRUE(normalise_email(std::string(252, 'a') + "@b"));
  EXPECT_FALSE(normalise_email(std::string(253, 'a') + "@b"));
}

TEST(PersonName, HasNoControlCharactersAndAtMostHundredCharacters) {
  EXPECT_TRUE(is_person_name(""));
  EXPECT_TRUE(is_person_name("Zo\xc3\xab O'Neil"));
  EXPECT_TRUE(is_person_name(std::string(100, 'x')));
  EXPECT_FALSE(is_person_name(std::string(101, 'x')));
  EXPECT_FALSE(is_person_name("Ann\nSmith"));
  EXPECT_FALSE(is_person_name("Ann\x1b[31m"));
  EXPECT_FALSE(
      is_person_name("Ann\xc2\x9b"
                     "31m"));
  EXPECT_TRUE(is_person_name("Ann\xc2\xa0Smith"));
}

}  // namespace
}  // namespace scalemart
