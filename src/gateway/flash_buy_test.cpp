// The hot route's own parser decides as the schema does.
#include "gateway/flash_buy.hpp"

#include <gtest/gtest.h>

#include <boost/json/value.hpp>
#include <random>

#include "base/embedded_file.hpp"
#include "gateway/openapi.hpp"

namespace scalemart {
namespace {

const ApiDocument& document() {
  static const ApiDocument loaded = [] {
    for (const EmbeddedFile& file : api_files())
      if (file.path == "api/openapi.json") return ApiDocument::load(file.content()).value();
    throw std::runtime_error("no document");
  }();
  return loaded;
}

/// What the schema says of a body; nothing: it is refused.
std::optional<std::pair<std::string, std::uint32_t>> by_schema(std::string_view body) {
  auto checked = document().check_body(*document().find("flashBuy"), "application/json", body, {});
  if (std::holds_alternative<Response>(checked)) return std::nullopt;
  const auto& object = std::get<boost::json::value>(checked).as_object();
  const auto* quantity = object.if_contains("quantity");
  return std::pair(std::string(object.at("product_id").as_string()),
                   quantity == nullptr ? 1U : quantity->to_number<std::uint32_t>());
}

void agree(std::string_view body) {
  const auto plain = read_plain_buy(body);
  if (!plain) return;  // left to the schema
  const auto schema = by_schema(body);
  ASSERT_TRUE(schema.has_value()) << body;
  EXPECT_EQ(std::string(plain->product_id), schema->first) << body;
  EXPECT_EQ(plain->quantity, schema->second) << body;
}

TEST(FlashBuyBody, ReadsWhatClientsSend) {
  EXPECT_EQ(read_plain_buy(R"({"product_id":"shoe","quantity":2})")->quantity, 2U);
  EXPECT_EQ(read_plain_buy(R"({ "quantity" : 10 , "product_id" : "a-1" })")->product_id, "a-1");
  EXPECT_EQ(read_plain_buy("{\"product_id\":\n\"shoe\"}")->quantity, 1U);
}

TEST(FlashBuyBody, LeavesEverythingElseToTheSchema) {
  for (const char* body : {"",
                           "{}",
                           "[]",
                           R"({"product_id":"shoe","quantity":0})",
                           R"({"product_id":"shoe","quantity":11})",
                           R"({"product_id":"shoe","quantity":-1})",
                           R"({"product_id":"shoe","quantity":1.5})",
                           R"({"product_id":"shoe","quantity":"1"})",
                           R"({"product_id":"shoe","quantity":null})",
                           R"({"product_id":"shoe","quantity":1e0})",
                           R"({"product_id":"shoe","quantity":01})",
                           R"({"product_id":"shoe","quantity":9223372036854775808})",
                           R"({"product_id":"SHOE"})",
                           R"({"product_id":"shoe","role":"admin"})",
                           R"({"product_id":"shoe","product_id":"shoe"})",
                           R"({"product_id":"sh\u006fe"})",
                           R"({"product_id":"shoe"}x)",
                           R"({"product_id":"shoe",})",
                           R"({"product_id":"shoe")",
                           R"({"quantity":1})",
                           R"({'product_id':'shoe'})"})
    EXPECT_FALSE(read_plain_buy(body).has_value()) << body;
}

TEST(FlashBuyBody, NeverDisagreesWithTheSchema) {
  std::mt19937 chance(20261122);
  const std::string pieces[] = {"{",
                                "}",
                                "\"product_id\"",
                                "\"quantity\"",
                                ":",
                                ",",
                                "\"shoe\"",
                                "\"a\"",
                                "\"-a\"",
                                "1",
                                "10",
                                "11",
                                "0",
                                "-1",
                                "1.0",
                                "null",
                                " ",
                                "\n",
                                "\"\"",
                                "\"sh\\u006fe\"",
                                "[",
                                "]",
                                "true",
                                "\"quantity\":2",
                                "\"product_id\":\"x-9\""};
  for (int i = 0; i < 20'000; ++i) {
    std::string body = chance() % 4 == 0 ? "" : "{";
    for (auto left = chance() % 9; left > 0; --left) body += pieces[chance() % std::size(pieces)];
    if (chance() % 4 != 0) body += "}";
    agree(body);
  }
  const std::string good = R"({"product_id":"shoe-1","quantity":7})";
  int still_plain = 0;
  for (std::size_t at = 0; at < good.size(); ++at)
    for (int byte = 0; byte < 256; ++byte) {
      std::string body = good;
      body[at] = static_cast<char>(byte);
      still_plain += read_plain_buy(body) ? 1 : 0;
      agree(body);
    }
  EXPECT_GT(still_plain, 100);
}

}  // namespace
}  // namespace scalemart
