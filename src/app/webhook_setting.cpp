#include "app/webhook_setting.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace scalemart {
namespace {

namespace json = boost::json;

json::array texts(const std::vector<std::string>& from) {
  json::array out;
  for (const std::string& text : from) out.push_back(json::value(text));
  return out;
}

WebhookEndpoint read_endpoint(const json::object& from) {
  WebhookEndpoint endpoint;
  endpoint.id = from.at("id").as_string();
  endpoint.url = from.at("url").as_string();
  for (const auto& event : from.at("events").as_array()) endpoint.events.emplace_back(event.as_string());
  for (const auto& item : from.at("secrets").as_array()) {
    const json::object& secret = item.as_object();
    endpoint.secrets.push_back(
        {std::string(secret.at("text").as_string()), {secret.at("until_ms").to_number<std::int64_t>()}});
  }
  endpoint.created = {from.at("created_ms").to_number<std::int64_t>()};
  return endpoint;
}

}  // namespace

std::string webhooks_to_json(const std::map<std::string, WebhookEndpoint>& endpoints) {
  json::array out;
  for (const auto& [id, endpoint] : endpoints) {
    if (endpoint.by_setting) continue;
    json::array secrets;
    for (const WebhookSecret& secret : endpoint.secrets)
      secrets.push_back(json::object{{"text", secret.text}, {"until_ms", secret.until.ms}});
    out.push_back(json::object{{"id", id},
                               {"url", endpoint.url},
                               {"events", texts(endpoint.events)},
                               {"secrets", std::move(secrets)},
                               {"created_ms", endpoint.created.ms}});
  }
  return json::serialize(out);
}

Result<std::map<std::string, WebhookEndpoint>> webhooks_from_json(const std::string& text) {
  std::map<std::string, WebhookEndpoint> out;
  try {
    const json::value parsed = json::parse(text);
    for (const auto& item : parsed.as_array()) {
      WebhookEndpoint endpoint = read_endpoint(item.as_object());
      out.emplace(endpoint.id, std::move(endpoint));
    }
  } catch (const std::exception& fault) {
    return error(std::string("accounts.db: the setting webhooks cannot be read: ") + fault.what());
  }
  return out;
}

std::string webhook_for_audit(const WebhookEndpoint& endpoint) {
  return json::serialize(json::object{{"url", endpoint.url}, {"events", texts(endpoint.events)}});
}

}  // namespace scalemart
