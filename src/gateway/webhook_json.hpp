#pragma once
// Webhooks as the API and the command line show them.

#include <boost/json/object.hpp>

#include "port/webhooks.hpp"

namespace scalemart {

/// `reveal`: with the newest secret, for who has just made it.
[[nodiscard]] boost::json::object render_webhook(const WebhookView& view, bool reveal);
[[nodiscard]] boost::json::object render_delivery(const WebhookDelivery& delivery);
[[nodiscard]] std::optional<WebhookDelivery::State> parse_delivery_state(std::string_view text);

/// From bodies that are valid under the document's schemas.
[[nodiscard]] WebhookDraft read_webhook_draft(const boost::json::object& body);
[[nodiscard]] WebhookChange read_webhook_change(const boost::json::object& body);
[[nodiscard]] std::chrono::seconds read_webhook_grace(const boost::json::object& body);
[[nodiscard]] std::string read_webhook_retry(const boost::json::object& body);

}  // namespace scalemart
