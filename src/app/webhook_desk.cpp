#include "app/webhook_desk.hpp"

#include <future>

#include "app/units.hpp"
#include "app/webhook_setting.hpp"
#include "base/await.hpp"
#include "notify/webhook_event.hpp"
#include "notify/webhook_signature.hpp"
#include "telemetry/log.hpp"

namespace scalemart {
namespace {

/// A copy of a shop must not tell the real one's partners what happens in a drill.
constexpr const char* kStrange = "outbox.db does not know it: is this a restored backup? Enable it to go on from here";
constexpr const char* kSettingEndpoint = "setting";  ///< The id of the configuration's.

std::string outlet_of(const std::string& id) {
  return "webhook:" + id;
}

std::string_view word_of(DeliveryResult::Kind kind) {
  using Kind = DeliveryResult::Kind;
  if (kind == Kind::delivered) return "delivered";
  return kind == Kind::unreachable ? "unreachable" : "refused";
}

}  // namespace

Result<std::vector<std::chrono::milliseconds>> parse_retries(std::string_view text) {
  std::vector<std::chrono::milliseconds> out;
  for (const std::string& item : split_list(text)) {
    const auto pause = parse_duration(item);
    if (!pause || *pause < std::chrono::milliseconds(1) || *pause > std::chrono::hours(24 * 7))
      return error("\"" + item + "\" is no pause; allowed are 1 to 20 times from 1ms to 7d, such as 5s,5m,2h");
    out.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(*pause));
  }
  if (out.empty() || out.size() > 20) return error("allowed are 1 to 20 times from 1ms to 7d, such as 5s,5m,2h");
  return out;
}

std::optional<std::string> fault_of_webhook_setting(std::string_view variable, std::string_view value) {
  if (variable == "SCALEMART_WEBHOOK_RETRY") {
    const auto pauses = parse_retries(value);
    if (!pauses) return pauses.error().message;
  }
  if (variable == "SCALEMART_WEBHOOK_SECRET" && !webhook_key(value))
    return "this is no secret; allowed is whsec_ and the base 64 of 24 to 64 bytes, e.g. from: "
           "echo whsec_$(openssl rand -base64 32)";
  if (variable == "SCALEMART_WEBHOOK_EVENTS") {
    for (const std::string& event : split_list(value))
      if (!is_webhook_filter(event))
        return "\"" + event +
               "\" is no event; allowed are types such as order.confirmed, and order.*, stock.*, "
               "product.*, *";
  }
  return std::nullopt;
}

Result<std::unique_ptr<WebhookDesk>> WebhookDesk::open(const Config& config, Parts parts) {
  std::unique_ptr<WebhookDesk> desk(new WebhookDesk(std::move(parts)));
  if (auto loaded = desk->load(config); !loaded) return loaded.error();
  for (const auto& [id, endpoint] : desk->endpoints_)
    if (auto opened = desk->open_outlet(id, endpoint.by_setting ? "" : kStrange); !opened) return opened.error();
  if (desk->endpoints_.contains(kSettingEndpoint)) desk->parts_.outbox.enable(outlet_of(kSettingEndpoint));
  desk->counting_ = desk->parts_.metrics.before_collect([self = desk.get()] { self->count_endpoints(); });
  return desk;
}

Result<void> WebhookDesk::load(const Config& config) {
  const auto stored =
      await<Result<std::vector<Setting>>>([this](auto done) { return parts_.accounts.settings(std::move(done)); });
  if (!stored) return error("the account store is busy; try again");
  if (!*stored) return stored->error();
  for (const Setting& setting : **stored) {
    if (setting.key != kWebhookSetting) continue;
    auto endpoints = webhooks_from_json(setting.json);
    if (!endpoints) return endpoints.error();
    endpoints_ = std::move(*endpoints);
  }
  if (config.webhook_url.empty()) return {};
  WebhookEndpoint endpoint;
  endpoint.id = kSettingEndpoint;
  endpoint.url = config.webhook_url;
  endpoint.events = split_list(config.webhook_events);
  endpoint.secrets = {{config.webhook_secret, {}}};
  endpoint.by_setting = true;
  if (const auto fault = parts_.sender.guard().fault_of_url(endpoint.url))
    return error("SCALEMART_WEBHOOK_URL: " + *fault);
  endpoints_.emplace(endpoint.id, std::move(endpoint));
  return {};
}

Result<void> WebhookDesk::open_outlet(const std::string& id, const std::string& disabled_if_new) {
  Outbox::Receiver receiver;
  receiver.events = [this, id](const ShopFact& fact) {
    std::vector<std::string> filters;
    {
      const std::lock_guard lock(endpoints_mutex_);
      const auto found = endpoints_.find(id);
      if (found == endpoints_.end()) return std::vector<Letter>();
      filters = found->second.events;
    }
    return webhook_events(fact, filters);
  };
  receiver.deliver = [this, id](const Letter& event, std::function<void(DeliveryResult)> done) {
    deliver(id, event, std::move(done));
  };
  receiver.disabled = [this, id](const std::string& why) {
    log::error("webhook_disabled", {{"endpoint", id}, {"reason", why}});
    const Endpoints known = endpoints();
    if (const auto found = known.find(id); found != known.end() && parts_.tell_disabled)
      parts_.tell_disabled(found->second, why);
  };
  receiver.on_attempt = [&total = parts_.metrics.notices_total](const Letter&, const DeliveryResult& result) {
    total.at({"webhook", word_of(result.kind)}).add();
  };
  receiver.on_dead = [id, &total = parts_.metrics.notices_total](const Letter& event) {
    total.at({"webhook", "dead"}).add();
    log::warn("webhook_given_up", {{"endpoint", id}, {"event", event.key}, {"reason", event.problem}});
  };
  return parts_.outbox.open(outlet_of(id), std::move(receiver), disabled_if_new);
}

void WebhookDesk::deliver(const std::string& id, const Letter& event, std::function<void(DeliveryResult)> done) {
  WebhookEndpoint endpoint;
  {
    const std::lock_guard lock(endpoints_mutex_);
    const auto found = endpoints_.find(id);
    if (found == endpoints_.end()) return done({DeliveryResult::Kind::unreachable, 0, "the endpoint was removed", {}});
    endpoint = found->second;
  }
  WebhookMessage message{event.key, event.body};
  if (event.stock) {
    const auto stock = parts_.facts.stock(*event.stock);
    if (!stock) return done({DeliveryResult::Kind::rejected, 0, "there is no such product", {}});
    message = stock_message(*stock);
  }
  parts_.sender.send(signed_request(endpoint, message),
                     [done = std::move(done)](const WebhookReply& reply) { done(result_of(reply)); });
}

WebhookRequest WebhookDesk::signed_request(const WebhookEndpoint& endpoint, const WebhookMessage& message) const {
  const WallTime now = parts_.clock.wall();
  std::vector<std::string> keys;
  for (const WebhookSecret& secret : endpoint.secrets)
    if (secret.until.ms == 0 || secret.until > now)
      if (auto key = webhook_key(secret.text)) keys.push_back(std::move(*key));
  const std::int64_t seconds = now.ms / 1000;
  return {endpoint.url,
          {{"webhook-id", message.id},
           {"webhook-timestamp", std::to_string(seconds)},
           {"webhook-signature", sign_webhook(keys, message.id, seconds, message.body)}},
          message.body};
}

WebhookResult<WebhookDelivery> WebhookDesk::test(const std::string& id) {
  const Endpoints known = endpoints();
  const auto found = known.find(id);
  if (found == known.end()) return WebhookRefusal{WebhookRefusal::Kind::not_found, "there is no such webhook"};
  const WallTime now = parts_.clock.wall();
  const WebhookMessage message = test_message(id, now);
  auto answered = std::make_shared<std::promise<WebhookReply>>();
  auto future = answered->get_future();
  parts_.sender.send(signed_request(found->second, message),
                     [answered](WebhookReply reply) { answered->set_value(std::move(reply)); });
  const DeliveryResult result = result_of(future.get());
  WebhookDelivery delivery;
  const bool taken = result.kind == DeliveryResult::Kind::delivered;
  delivery.state = taken ? WebhookDelivery::State::delivered : WebhookDelivery::State::dead;
  delivery.letter.key = message.id;
  delivery.letter.type = "webhook.test";
  delivery.letter.at = delivery.letter.last = now;
  delivery.letter.attempts = 1;
  delivery.letter.status = result.status;
  delivery.letter.problem = result.problem;
  return delivery;
}

void WebhookDesk::count_endpoints() {
  double disabled = 0;
  const Endpoints known = endpoints();
  for (const auto& [id, endpoint] : known)
    if (const auto seen = parts_.outbox.view(outlet_of(id)); seen && !seen->place.disabled.empty()) ++disabled;
  parts_.metrics.webhook_endpoints.at({"disabled"}).set(disabled);
  parts_.metrics.webhook_endpoints.at({"enabled"}).set(static_cast<double>(known.size()) - disabled);
}

}  // namespace scalemart
