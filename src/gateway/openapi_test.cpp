#include "gateway/openapi.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/embedded_file.hpp"
#include "gateway/strict_json.hpp"

namespace scalemart {
namespace {

namespace json = boost::json;

std::string_view document_text() {
  for (const auto& file : api_files())
    if (file.path == "api/openapi.json") return file.content();
  return "";
}

const ApiDocument& document() {
  static const ApiDocument kDocument = std::move(ApiDocument::load(document_text()).value());
  return kDocument;
}

/// "ok", or status and code, and for 422 the first loc and type.
std::string verdict(std::string_view operation, std::string_view body, std::string_view type = "application/json") {
  const auto checked = document().check_body(document().find(operation).value(), type, body, {});
  if (std::holds_alternative<json::value>(checked)) return "ok";
  const auto& refusal = std::get<Response>(checked);
  const auto problem = json::parse("{" + refusal.body + "}");
  std::string out = std::to_string(refusal.status) + " " + std::string(problem.at("code").as_string());
  if (const auto* errors = problem.as_object().if_contains("errors")) {
    const auto& first = errors->as_array().at(0);
    out += " " + json::serialize(first.at("loc")) + " " + std::string(first.at("type").as_string());
  }
  return out;
}

TEST(ApiDocument, BodiesOfABuy) {
  struct Case {
    std::string body;
    const char* verdict;
  };
  const std::vector<Case> cases{
      {R"({"product_id":"demo","quantity":1})", "ok"},
      {R"({"product_id":"demo"})", "ok"},
      {R"( { "quantity" : 10 , "product_id" : "d\u0065mo" } )", "ok"},
      {R"({"product_id":"demo","quantity":0})", R"(422 validation_error ["body","quantity"] greater_than_equal)"},
      {R"({"product_id":"demo","quantity":-1})", R"(422 validation_error ["body","quantity"] greater_than_equal)"},
      {R"({"product_id":"demo","quantity":11})", R"(422 validation_error ["body","quantity"] less_than_equal)"},
      {R"({"product_id":"demo","quantity":1.5})", R"(422 validation_error ["body","quantity"] type_error)"},
      {R"({"product_id":"demo","quantity":1.0})", R"(422 validation_error ["body","quantity"] type_error)"},
      {R"({"product_id":"demo","quantity":1e0})", R"(422 validation_error ["body","quantity"] type_error)"},
      {R"({"product_id":"demo","quantity":"1"})", R"(422 validation_error ["body","quantity"] type_error)"},
      {R"({"product_id":"demo","quantity":null})", R"(422 validation_error ["body","quantity"] type_error)"},
      {R"({"product_id":"demo","quantity":true})", R"(422 validation_error ["body","quantity"] type_error)"},
      {R"({"product_id":"demo","quantity":9223372036854775808})",
       R"(422 validation_error ["body","quantity"] type_error)"},
      {R"({"product_id":"demo","quantity":18446744073709551617})",
       R"(422 validation_error ["body","quantity"] type_error)"},
      {R"({"product_id":"demo","quantity":1e999})", R"(422 validation_error ["body","quantity"] type_error)"},
      {R"({"quantity":1})", R"(422 validation_error ["body","product_id"] missing)"},
      {R"({"product_id":"demo","price":1})", R"(422 validation_error ["body","price"] extra_forbidden)"},
      {R"({"product_id":"De mo"})", R"(422 validation_error ["body","product_id"] string_pattern_mismatch)"},
      {R"({"product_id":""})", R"(422 validation_error ["body","product_id"] string_pattern_mismatch)"},
      {R"({"product_id":")" + std::string(10'000, 'a') + R"("})",
       R"(422 validation_error ["body","product_id"] string_too_long)"},
      {R"({"product_id":7})", R"(422 validation_error ["body","product_id"] type_error)"},
      {R"([])", R"(422 validation_error ["body"] type_error)"},
      {R"("demo")", R"(422 validation_error ["body"] type_error)"},
      {R"(null)", R"(422 validation_error ["body"] type_error)"},
      {"", "400 malformed_json"},
      {"{", "400 malformed_json"},
      {R"({"product_id":"demo"}x)", "400 malformed_json"},
      {R"({"product_id":"demo"}{"product_id":"demo"})", "400 malformed_json"},
      {R"({"product_id":"demo","product_id":"demo"})", "400 malformed_json"},
      {R"({"product_id":"demo","product\u005fid":"demo"})", "400 malformed_json"},
      {R"({"product_id":"demo",})", "400 malformed_json"},
      {R"({'product_id':'demo'})", "400 malformed_json"},
      {R"({"product_id":"demo","quantity":01})", "400 malformed_json"},
      {R"({"product_id":"demo","quantity":+1})", "400 malformed_json"},
      {R"({"product_id":"demo","quantity":NaN})", "400 malformed_json"},
      {R"({"product_id":"demo"} // c)", "400 malformed_json"},
      {"\xef\xbb\xbf{\"product_id\":\"demo\"}", "400 malformed_json"},
      {"{\"product_id\":\"\xff\xfe\"}", "400 malformed_json"},
      {"{\"product_id\":\"\\ud800\"}", "400 malformed_json"},
      {std::string("{\"product_id\":\"de\0mo\"}", 22), "400 malformed_json"},
  };
  for (const Case& c : cases) EXPECT_EQ(verdict("flashBuy", c.body), c.verdict) << c.body.substr(0, 100);
}

TEST(ApiDocument, TextsHoldNoNul) {
  const std::string product = R"("id":"demo","name":"Demo","total":1,"sale_price_minor":1,"currency":"EUR")";
  EXPECT_EQ(verdict("adminCreateProduct", "{" + product + R"(,"description":"a\\u0000b"})"), "ok")
      << "a backslash, u0000";
  for (const char* tail : {"", "b"})
    EXPECT_EQ(verdict("adminCreateProduct", "{" + product + R"(,"description":"a\u0000)" + tail + "\"}"),
              R"(422 validation_error ["body","description"] value_error)");
  EXPECT_EQ(
      verdict("adminCreateProduct", "{" + product + R"(,"description":"\u0000)" + std::string(20'000, 'a') + "\"}"),
      R"(422 validation_error ["body","description"] value_error)")
      << "nor does it end what is counted";
  EXPECT_EQ(verdict("adminCreateProduct", "{" + product + R"(,"a\u0000":1})"),
            R"(422 validation_error ["body"] value_error)");
  EXPECT_EQ(verdict("register", R"({"email":"a@b.example","password":"12345678\u0000"})"),
            R"(422 validation_error ["body","password"] value_error)");
}

TEST(ApiDocument, ContentTypesOfBodies) {
  const std::string body = R"({"product_id":"demo"})";
  EXPECT_EQ(verdict("flashBuy", body, "application/json; charset=UTF-8"), "ok");
  EXPECT_EQ(verdict("flashBuy", body, "Application/JSON"), "ok");
  for (const char* type :
       {"", "text/plain", "application/jsonx", "application/json; charset=latin1", "application/x-www-form-urlencoded"})
    EXPECT_EQ(verdict("flashBuy", body, type), "415 unsupported_media_type") << type;
}

TEST(ApiDocument, DeepAndWideBodiesAreRefusedCheaply) {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_EQ(verdict("flashBuy", nested(32)).substr(0, 3), "422");
  EXPECT_EQ(verdict("flashBuy", nested(33)), "400 malformed_json");
  EXPECT_EQ(verdict("flashBuy", std::string(10'000, '[')), "400 malformed_json");
  std::string wide = "{";
  for (int i = 0; i < 5000; ++i) wide += "\"k" + std::to_string(i) + "\":1,";
  EXPECT_EQ(verdict("flashBuy", wide + "\"z\":1}"), "400 malformed_json");
  EXPECT_EQ(verdict("register", R"({"email":")" + std::string(60'000, 'a') + R"(","password":"12345678"})"),
            R"(422 validation_error ["body","email"] string_too_long)")
      << "no expression is tried on such a text";
}

TEST(ApiDocument, StrictJsonTakesWhatIsJson) {
  for (const char* text :
       {"{}", "[]", "0", "-0", "1e5", "\"\\u0041\\ud83d\\ude00\"", "[1,[2,{\"a\":[]}]]", " null ", "true"})
    EXPECT_TRUE(parse_strict_json(text, {})) << text;
  for (const char* text : {"", " ", "nul", "tru", "[1,]", "{\"a\"}", "1 2", "-", "1.", ".5", "\"\t\"", "\"\\x\"", "[",
                           "\"", "{\"a\":1,\"a\":2}", "[{\"a\":1,\"a\":2}]"})
    EXPECT_FALSE(parse_strict_json(text, {})) << text;
  EXPECT_TRUE(parse_strict_json(R"({"a":{"a":1},"b":{"a":1}})", {})) << "the same name at two places is no duplicate";
}

TEST(ApiDocument, QueriesFollowTheirRules) {
  const auto check = [&](std::string_view operation, std::vector<NameValue> query) {
    const auto refusal = document().check_query(document().find(operation).value(), query);
    if (!refusal) return std::string("ok");
    const auto problem = json::parse("{" + refusal->body + "}");
    const auto& first = problem.at("errors").as_array().at(0);
    return json::serialize(first.at("loc")) + " " + std::string(first.at("type").as_string());
  };
  EXPECT_EQ(check("listOrders", {{"limit", "20"}, {"cursor", "x"}}), "ok");
  EXPECT_EQ(check("listOrders", {{"limit", "0"}}), R"(["query","limit"] greater_than_equal)");
  EXPECT_EQ(check("listOrders", {{"limit", "101"}}), R"(["query","limit"] less_than_equal)");
  for (const char* bad : {"", "x", "1.5", "1e1", "+1", " 1", "99999999999999999999"})
    EXPECT_EQ(check("listOrders", {{"limit", bad}}), R"(["query","limit"] type_error)") << bad;
  EXPECT_EQ(check("listOrders", {{"limit", "1"}, {"limit", "2"}}), R"(["query","limit"] value_error)");
  EXPECT_EQ(check("listOrders", {{"limti", "1"}}), R"(["query","limti"] extra_forbidden)");
  EXPECT_EQ(check("listOrders", {{"\xff\"", "1"}}), R"(["query","?\""] extra_forbidden)");
  EXPECT_EQ(check("adminListOrders", {{"status", "confirmed"}}), "ok");
  EXPECT_EQ(check("adminListOrders", {{"status", "nonsense"}}), R"(["query","status"] enum)");
  EXPECT_EQ(check("adminListOrders", {{"product_id", "A B"}}), R"(["query","product_id"] string_pattern_mismatch)");
}

TEST(ApiDocument, TellsWhereTheRouterDisagrees) {
  const char* text = R"({"openapi":"3.1.0","paths":{
    "/a":{"get":{"operationId":"a","security":[]},"post":{"operationId":"b","security":[{"bearer":[]}],"x-rate-limit":"login",
      "requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/S"}}}}}}},
    "components":{"schemas":{"S":{"type":"object","additionalProperties":false}}}})";
  const ApiDocument small = std::move(ApiDocument::load(text).value());
  Route a;
  a.path = "/a";
  a.operation_id = "a";
  a.access = Access::open;
  Route b = a;
  b.method = Method::post;
  b.operation_id = "b";
  b.access = Access::buyer;
  b.policy = "login";
  b.body = Body::json;
  EXPECT_TRUE(small.differences({a, b}).empty());
  EXPECT_EQ(small.differences({a}).size(), 1u) << "not served";
  Route extra = a;
  extra.operation_id = "extra";
  EXPECT_EQ(small.differences({a, b, extra}).size(), 1u) << "not documented";
  extra.is_documented = false;
  EXPECT_TRUE(small.differences({a, b, extra}).empty());
  const auto changed = [&](auto&& change) {
    Route c = b;
    change(c);
    return small.differences({a, c}).size();
  };
  EXPECT_EQ(changed([](Route& r) { r.access = Access::open; }), 1u);
  EXPECT_EQ(changed([](Route& r) { r.policy = "default"; }), 1u);
  EXPECT_EQ(changed([](Route& r) { r.path = "/c"; }), 1u);
  EXPECT_EQ(changed([](Route& r) { r.method = Method::put; }), 1u);
  EXPECT_EQ(changed([](Route& r) { r.body = Body::none; }), 1u);
}

TEST(ApiDocument, BrokenDocumentsAreRefused) {
  EXPECT_FALSE(ApiDocument::load("{"));
  EXPECT_FALSE(ApiDocument::load("{}"));
  const char* circle =
      R"({"paths":{"/a":{"get":{"operationId":"a","parameters":[{"$ref":"#/x"}]}}},"x":{"$ref":"#/x"}})";
  EXPECT_FALSE(ApiDocument::load(circle));
}

}  // namespace
}  // namespace scalemart
