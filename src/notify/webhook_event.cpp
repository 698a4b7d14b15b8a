#include "notify/webhook_event.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "domain/time_text.hpp"

namespace scalemart {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 12> kTypes{
    "order.accepted",  "order.confirmed", "order.failed",   "order.expired",   "order.cancelled", "order.refunded",
    "product.created", "product.changed", "product.paused", "product.resumed", "product.removed", "stock.changed"};

std::string envelope(std::string_view type, WallTime at, json::object data) {
  return json::serialize(json::object{{"type", type}, {"timestamp", to_rfc3339(at)}, {"data", std::move(data)}});
}

template <class T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::value time_or_null(const std::optional<WallTime>& time) {
  return time ? json::value(to_rfc3339(*time)) : json::value(nullptr);
}

/// An order is accepted; afterwards types are called as its statuses are.
std::string_view word_of(OrderStatus status) {
  return status == OrderStatus::pending ? "accepted" : to_text(status);
}

std::string_view word_of(ProductFact::Kind kind) {
  constexpr std::array<std::string_view, 5> kWords{"created", "changed", "paused", "resumed", "removed"};
  return kWords[static_cast<std::size_t>(kind)];
}

Letter event_of(const ShopFact& fact, const OrderFact& order) {
  Letter event;
  const std::string id = to_string(order.order);
  event.type = std::string("order.").append(word_of(order.status));
  event.key = "order_" + id + "_" + std::string(word_of(order.status));
  event.subject = "order_" + id;
  json::object data{{"id", id},
                    {"status", to_text(order.status)},
                    {"status_reason", nullptr},
                    {"buyer_id", to_string(order.buyer)},
                    {"product_id", order.product_id},
                    {"quantity", order.quantity},
                    {"unit_price_minor", order.unit_price},
                    {"total_minor", order.unit_price * order.quantity},
                    {"currency", order.currency.text()},
                    {"payment_reference", nullptr},
                    {"sequence", fact.sequence}};
  if (order.reason != StatusReason::none) data["status_reason"] = to_text(order.reason);
  if (!order.payment_reference.empty()) data["payment_reference"] = order.payment_reference;
  event.body = envelope(event.type, fact.at, std::move(data));
  return event;
}

Letter event_of(const ShopFact& fact, const ProductFact& product) {
  Letter event;
  const ProductSpec& spec = *product.spec;
  event.type = std::string("product.").append(word_of(product.kind));
  event.key = "product_" + spec.id + "_" + std::to_string(fact.sequence);
  event.subject = "product_" + spec.id;
  json::object data{{"id", spec.id},
                    {"name", spec.details.name},
                    {"currency", spec.currency.text()},
                    {"sale_price_minor", spec.terms.price},
                    {"list_price_minor", or_null(spec.details.list_price)},
                    {"starts_at", time_or_null(spec.terms.starts_at)},
                    {"ends_at", time_or_null(spec.terms.ends_at)},
                    {"per_user_limit", nullptr},
                    {"sequence", fact.sequence}};
  if (spec.terms.per_user_limit != 0) data["per_user_limit"] = spec.terms.per_user_limit;
  event.body = envelope(event.type, fact.at, std::move(data));
  return event;
}

Letter stock_event(const ShopFact& fact) {
  Letter event;
  event.type = "stock.changed";
  event.subject = "stock_" + std::to_string(index_of(*fact.stock));
  event.key = event.subject + "_" + std::to_string(fact.sequence);
  event.stock = fact.stock;
  return event;
}

}  // namespace

std::span<const std::string_view> webhook_types() {
  return kTypes;
}

bool is_webhook_filter(std::string_view text) {
  return text == "*" || text == "order.*" || text == "product.*" || text == "stock.*" ||
         std::ranges::find(kTypes, text) != kTypes.end();
}

bool is_wanted(std::span<const std::string> filters, std::string_view type) {
  return filters.empty() || std::ranges::any_of(filters, [type](const std::string& filter) {
           return filter == type || (filter.ends_with('*') && type.starts_with(filter.substr(0, filter.size() - 1)));
         });
}

std::vector<Letter> webhook_events(const ShopFact& fact, std::span<const std::string> filters) {
  std::vector<Letter> out;
  if (const auto* order = std::get_if<OrderFact>(&fact.what)) out.push_back(event_of(fact, *order));
  if (const auto* product = std::get_if<ProductFact>(&fact.what)) out.push_back(event_of(fact, *product));
  if (fact.stock) out.push_back(stock_event(fact));
  std::erase_if(out, [filters](const Letter& event) { return !is_wanted(filters, event.type); });
  for (Letter& event : out) {
    event.sequence = fact.sequence;
    event.at = fact.at;
  }
  return out;
}

WebhookMessage stock_message(const StockNow& now) {
  return {"stock_" + now.product_id + "_" + std::to_string(now.sequence), envelope("stock.changed", now.at,
                                                                                   {{"product_id", now.product_id},
                                                                                    {"available", now.stock.available},
                                                                                    {"held", now.stock.held},
                                                                                    {"sold", now.stock.sold},
                                                                                    {"total", now.stock.total},
                                                                                    {"state", to_text(now.state)},
                                                                                    {"sequence", now.sequence}})};
}

DeliveryResult result_of(const WebhookReply& reply) {
  using Kind = DeliveryResult::Kind;
  DeliveryResult result;
  result.status = reply.status;
  result.retry_after = reply.retry_after;
  if (reply.status >= 200 && reply.status < 300) {
    result.kind = Kind::delivered;
    return result;
  }
  result.problem = reply.status == 0 ? reply.problem : "it answered " + std::to_string(reply.status);
  constexpr std::array kPatience{0, 408, 425, 429, 502, 503, 504};  // nobody is there, or it asks for time
  const bool patience = std::ranges::find(kPatience, reply.status) != kPatience.end();
  result.kind = reply.status == 410 ? Kind::gone : patience ? Kind::unreachable : Kind::refused;
  return result;
}

WebhookMessage test_message(std::string_view endpoint, WallTime now) {
  return {"test_" + std::string(endpoint) + "_" + std::to_string(now.ms),
          envelope("webhook.test", now, {{"endpoint_id", endpoint}})};
}

}  // namespace scalemart
