// Signatures and events.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json/parse.hpp>

#include "notify/webhook_event.hpp"
#include "notify/webhook_signature.hpp"

namespace scalemart {
namespace {

TEST(WebhookSignature, IsTheSpecificationsExample) {
  const auto key = webhook_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  ASSERT_TRUE(key);
  const std::vector<std::string> keys{*key};
  EXPECT_EQ(sign_webhook(keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
      << "recomputed with another HMAC";
}

TEST(WebhookSignature, SignsWithEveryKey) {
  const std::vector<std::string> both{std::string(32, 'a'), std::string(32, 'b')};
  const std::vector<std::string> first{both[0]}, second{both[1]};
  EXPECT_EQ(sign_webhook(both, "i", 1, "x"),
            sign_webhook(first, "i", 1, "x") + " " + sign_webhook(second, "i", 1, "x"));
}

TEST(WebhookSignature, SecretsAreMadeAndRead) {
  SeededRandom random(7);
  const std::string secret = new_webhook_secret(random);
  const auto key = webhook_key(secret);
  ASSERT_TRUE(key) << secret;
  EXPECT_EQ(key->size(), 32u);
  for (const char* wrong : {"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ",
                            "whsec_!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS"})
    EXPECT_FALSE(webhook_key(wrong)) << wrong;
  EXPECT_FALSE(webhook_key("whsec_" + std::string(120, 'A')));
}

RC_GTEST_PROP(WebhookSignature, AnyTextIsNoSecretOrAKeyOfTheRightSize, (const std::string& text)) {
  for (const std::string& secret : {text, "whsec_" + text})
    if (const auto key = webhook_key(secret)) RC_ASSERT(key->size() >= 24u && key->size() <= 64u);
}

ShopFact order_fact(OrderStatus status) {
  ShopFact fact;
  fact.sequence = 9;
  fact.at = {1'700'000'000'000};
  OrderFact order;
  order.order = {1, 2};
  order.buyer = {3, 4};
  order.product_id = "lamp";
  order.quantity = 2;
  order.unit_price = 150;
  order.status = status;
  fact.what = order;
  fact.stock = ProductRef{5};
  return fact;
}

TEST(WebhookEvent, OneFactIsAnOrderAndAStock) {
  const auto events = webhook_events(order_fact(OrderStatus::pending), {});
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].type, "order.accepted");
  EXPECT_EQ(events[0].key, "order_" + to_string(OrderId{1, 2}) + "_accepted");
  EXPECT_EQ(events[0].subject, webhook_events(order_fact(OrderStatus::confirmed), {})[0].subject);
  const auto body = boost::json::parse(events[0].body).as_object();
  EXPECT_EQ(body.at("type"), "order.accepted");
  EXPECT_EQ(body.at("timestamp"), "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(body.at("data").at("total_minor"), 300);
  EXPECT_EQ(body.at("data").at("status_reason"), nullptr);
  EXPECT_EQ(events[1].type, "stock.changed");
  EXPECT_EQ(events[1].stock, ProductRef{5});
}

TEST(WebhookEvent, FiltersChoose) {
  const std::vector<std::string> stock{"stock.*"}, one{"order.confirmed"}, all{"*"};
  EXPECT_EQ(webhook_events(order_fact(OrderStatus::pending), stock).size(), 1u);
  EXPECT_EQ(webhook_events(order_fact(OrderStatus::pending), one).size(), 0u);
  EXPECT_EQ(webhook_events(order_fact(OrderStatus::confirmed), one).size(), 1u);
  EXPECT_EQ(webhook_events(order_fact(OrderStatus::confirmed), all).size(), 2u);
  for (const std::string_view type : webhook_types()) EXPECT_TRUE(is_webhook_filter(type));
  for (const char* wrong : {"", "order", "order.", "order.eaten", "*.*", "product*"})
    EXPECT_FALSE(is_webhook_filter(wrong));
}

TEST(WebhookEvent, IdsHaveNoDots) {
  for (const auto status : {OrderStatus::pending, OrderStatus::confirmed, OrderStatus::failed, OrderStatus::expired,
                            OrderStatus::cancelled, OrderStatus::refunded})
    for (const Letter& event : webhook_events(order_fact(status), {})) {
      EXPECT_EQ(event.key.find('.'), std::string::npos) << "a dot would end the signed id";
      EXPECT_TRUE(is_webhook_filter(event.type)) << event.type;
    }
}

TEST(WebhookEvent, AnswersMeanWhatTheSpecificationSays) {
  using Kind = DeliveryResult::Kind;
  const std::pair<int, Kind> table[] = {{200, Kind::delivered},   {204, Kind::delivered},   {299, Kind::delivered},
                                        {301, Kind::refused},     {400, Kind::refused},     {404, Kind::refused},
                                        {410, Kind::gone},        {429, Kind::unreachable}, {500, Kind::refused},
                                        {502, Kind::unreachable}, {503, Kind::unreachable}, {0, Kind::unreachable}};
  for (const auto& [status, kind] : table) EXPECT_EQ(result_of({status, "x", {}}).kind, kind) << status;
}

}  // namespace
}  // namespace scalemart
