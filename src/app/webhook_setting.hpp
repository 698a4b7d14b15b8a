#pragma once
// Endpoints as the setting keeps them.

#include <map>
#include <string>

#include "base/result.hpp"
#include "port/webhooks.hpp"

namespace scalemart {

/// With their secrets; without the configuration's.
[[nodiscard]] std::string webhooks_to_json(const std::map<std::string, WebhookEndpoint>& endpoints);
[[nodiscard]] Result<std::map<std::string, WebhookEndpoint>> webhooks_from_json(const std::string& text);
/// For the audit trail: without secrets.
[[nodiscard]] std::string webhook_for_audit(const WebhookEndpoint& endpoint);

}  // namespace scalemart
