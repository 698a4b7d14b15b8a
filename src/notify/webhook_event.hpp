#pragma once
// Facts of the shop as events: type, id and JSON. docs/webhooks.md shows each.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "notify/outlet.hpp"
#include "port/outbox_store.hpp"
#include "port/shop_facts.hpp"
#include "port/webhook_sender.hpp"

namespace scalemart {

/// Every type there is.
[[nodiscard]] std::span<const std::string_view> webhook_types();
/// A type, "order.*", "stock.*", "product.*" or "*".
[[nodiscard]] bool is_webhook_filter(std::string_view text);
/// Empty filters let everything through.
[[nodiscard]] bool is_wanted(std::span<const std::string> filters, std::string_view type);

/// What a fact is to a receiver with these filters: none, one, or two events.
[[nodiscard]] std::vector<Letter> webhook_events(const ShopFact& fact, std::span<const std::string> filters);

/// What is sent in the end; a stock is looked at in this moment.
struct WebhookMessage {
  std::string id;
  std::string body;
};
/// The product of a stock event, as it is now.
[[nodiscard]] WebhookMessage stock_message(const StockNow& now);
/// What an answer means for the event.
[[nodiscard]] DeliveryResult result_of(const WebhookReply& reply);
[[nodiscard]] WebhookMessage test_message(std::string_view endpoint, WallTime now);

}  // namespace scalemart
