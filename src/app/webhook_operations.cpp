// An operator's verbs on webhooks: the same bodies and answers as the API's routes have.
#include <boost/json/array.hpp>

#include "app/engine_operations.hpp"
#include "app/operations_json.hpp"
#include "gateway/webhook_json.hpp"

namespace scalemart {
namespace {

namespace json = boost::json;

Refusal refusal_of(const WebhookRefusal& refusal) {
  switch (refusal.kind) {
    case WebhookRefusal::Kind::not_found:
      return {Refusal::Kind::refused, "not_found", refusal.message};
    case WebhookRefusal::Kind::wrong_input:
      return {Refusal::Kind::wrong_input, "validation_error", refusal.message};
    case WebhookRefusal::Kind::conflict:
      return {Refusal::Kind::refused, "invalid_state", refusal.message};
    case WebhookRefusal::Kind::unavailable:
      break;
  }
  return {Refusal::Kind::cannot_run, "unavailable", refusal.message};
}

Done<json::value> shown(const WebhookResult<WebhookView>& view, bool reveal = false) {
  if (!view) return refusal_of(view.error());
  return json::value(render_webhook(*view, reveal));
}

Done<json::value> listed(const WebhookResult<std::vector<WebhookView>>& views) {
  if (!views) return refusal_of(views.error());
  json::array data;
  for (const WebhookView& view : *views) data.push_back(render_webhook(view, false));
  return json::value(std::move(data));
}

Done<json::value> delivered(const WebhookResult<std::vector<WebhookDelivery>>& deliveries) {
  if (!deliveries) return refusal_of(deliveries.error());
  json::array data;
  for (const WebhookDelivery& delivery : *deliveries) data.push_back(render_delivery(delivery));
  return json::value(std::move(data));
}

std::string text_of(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::size_t limit_of(const json::object& from) {
  const auto* value = from.if_contains("limit");
  return value != nullptr && value->is_number() ? value->to_number<std::size_t>() : 100;
}

}  // namespace

Done<json::value> EngineOperations::webhook(std::string_view verb, const json::object& arguments) {
  const WebhookActor actor{"operator", "local"};
  const std::string id = text_of(arguments, "id");
  json::object body = arguments;
  body.erase("id");
  const std::pair<std::string_view, std::string_view> schemas[] = {{"create", "adminCreateWebhook"},
                                                                   {"change", "adminChangeWebhook"},
                                                                   {"rotate", "adminRotateWebhook"},
                                                                   {"retry", "adminRetryWebhook"}};
  for (const auto& [name, operation] : schemas) {
    if (name != verb) continue;
    const auto valid = checked(operation, body);
    if (!valid) return valid.error();
  }
  if (verb == "list") return listed(webhooks_.list());
  if (verb == "create") return shown(webhooks_.create(read_webhook_draft(body), actor), true);
  if (verb == "change") return shown(webhooks_.change(id, read_webhook_change(body), actor));
  if (verb == "rotate") return shown(webhooks_.rotate(id, read_webhook_grace(body), actor), true);
  if (verb == "deliveries")
    return delivered(webhooks_.deliveries(id, parse_delivery_state(text_of(body, "state")), limit_of(body)));
  if (verb == "remove") {
    const auto removed = webhooks_.remove(id, actor);
    if (!removed) return refusal_of(removed.error());
    return json::value(json::object{{"id", id}});
  }
  if (verb == "test") {
    const auto tested = webhooks_.test(id);
    if (!tested) return refusal_of(tested.error());
    return json::value(render_delivery(*tested));
  }
  if (verb == "retry") {
    const auto retried = webhooks_.retry(id, read_webhook_retry(body), actor);
    if (!retried) return refusal_of(retried.error());
    return json::value(json::object{{"retried", *retried}});
  }
  return Refusal{Refusal::Kind::refused, "not_found", "there is no such control route"};
}

}  // namespace scalemart
