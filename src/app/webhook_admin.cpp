// What an administrator does with endpoints.
#include <algorithm>

#include "app/webhook_desk.hpp"
#include "app/webhook_setting.hpp"
#include "base/await.hpp"
#include "notify/webhook_event.hpp"
#include "notify/webhook_signature.hpp"

namespace scalemart {
namespace {

using Kind = WebhookRefusal::Kind;
using State = WebhookDelivery::State;
struct WebhookTag;

constexpr std::size_t kSecretsMax = 4;

std::string outlet_of(const std::string& id) {
  return "webhook:" + id;
}

WebhookRefusal unwritten() {
  return {Kind::unavailable, "Nothing can be stored at the moment. Please try again."};
}

}  // namespace

WebhookDesk::Endpoints WebhookDesk::endpoints() const {
  const std::lock_guard lock(endpoints_mutex_);
  return endpoints_;
}

WebhookView WebhookDesk::view(const WebhookEndpoint& endpoint) {
  WebhookView view;
  view.endpoint = endpoint;
  view.head = parts_.facts.head();
  view.dead = parts_.outbox.dead_count(outlet_of(endpoint.id));
  if (auto seen = parts_.outbox.view(outlet_of(endpoint.id))) {
    view.place = seen->place;
    view.waiting = seen->letters.size();
    view.problem = std::move(seen->problem);
  }
  return view;
}

WebhookResult<std::vector<WebhookView>> WebhookDesk::list() {
  std::vector<WebhookView> views;
  for (const auto& [id, endpoint] : endpoints()) views.push_back(view(endpoint));
  return views;
}

WebhookResult<WebhookView> WebhookDesk::find(const std::string& id) {
  const Endpoints known = endpoints();
  const auto found = known.find(id);
  if (found == known.end()) return WebhookRefusal{Kind::not_found, "there is no such webhook"};
  return view(found->second);
}

WebhookResult<WebhookEndpoint> WebhookDesk::changeable(const std::string& id) const {
  const Endpoints known = endpoints();
  const auto found = known.find(id);
  if (found == known.end()) return WebhookRefusal{Kind::not_found, "there is no such webhook"};
  if (found->second.by_setting)
    return WebhookRefusal{Kind::conflict,
                          "this webhook is in the configuration (SCALEMART_WEBHOOK_URL); change it there"};
  return found->second;
}

std::optional<WebhookRefusal> WebhookDesk::fault_of(const std::string& url,
                                                    const std::vector<std::string>& events) const {
  if (auto fault = parts_.sender.guard().fault_of_url(url)) return WebhookRefusal{Kind::wrong_input, *fault};
  for (const std::string& event : events)
    if (!is_webhook_filter(event))
      return WebhookRefusal{Kind::wrong_input, "\"" + event +
                                                   "\" is no event; allowed are types such as order.confirmed, "
                                                   "and order.*, stock.*, product.*, *"};
  return std::nullopt;
}

WebhookResult<void> WebhookDesk::store(Endpoints next, AuditEntry audit) {
  const Setting setting{std::string(kWebhookSetting), webhooks_to_json(next)};
  const auto outcome = await<StoreOutcome>(
      [&](auto done) { return parts_.accounts.put_setting(setting, std::move(audit), std::move(done)); });
  if (!outcome || *outcome != StoreOutcome::done) return unwritten();
  const std::lock_guard lock(endpoints_mutex_);
  endpoints_ = std::move(next);
  return {};
}

AuditEntry WebhookDesk::entry(const WebhookActor& actor, std::string what, const std::string& id) const {
  AuditEntry entry;
  entry.who = actor.who;
  entry.what = std::move(what);
  entry.target = id;
  entry.when = parts_.clock.wall();
  entry.from = actor.from;
  return entry;
}

WebhookResult<WebhookView> WebhookDesk::create(const WebhookDraft& draft, const WebhookActor& actor) {
  const std::lock_guard admin(admin_mutex_);
  if (auto fault = fault_of(draft.url, draft.events)) return *fault;
  if (!draft.secret.empty() && !webhook_key(draft.secret))
    return WebhookRefusal{Kind::wrong_input, "the secret must be whsec_ and the base 64 of 24 to 64 bytes"};
  Endpoints next = endpoints();
  if (next.size() >= kWebhooksMax)
    return WebhookRefusal{Kind::conflict, "there are " + std::to_string(kWebhooksMax) + " webhooks already"};
  WebhookEndpoint made;
  made.id = to_string(new_ulid<Ulid<WebhookTag>>(parts_.clock.wall(), parts_.random));
  made.url = draft.url;
  made.events = draft.events;
  made.secrets = {{draft.secret.empty() ? new_webhook_secret(parts_.random) : draft.secret, {}}};
  made.created = parts_.clock.wall();
  next.emplace(made.id, made);
  AuditEntry audit = entry(actor, "webhook_created", made.id);
  audit.after = webhook_for_audit(made);
  if (auto stored = store(std::move(next), std::move(audit)); !stored) return stored.error();
  if (auto opened = open_outlet(made.id); !opened) return WebhookRefusal{Kind::unavailable, opened.error().message};
  return view(made);
}

WebhookResult<WebhookView> WebhookDesk::change(const std::string& id, const WebhookChange& change,
                                               const WebhookActor& actor) {
  const std::lock_guard admin(admin_mutex_);
  const bool toggles_only = !change.url && !change.events;
  Endpoints next = endpoints();
  if (!next.contains(id)) return WebhookRefusal{Kind::not_found, "there is no such webhook"};
  WebhookEndpoint& endpoint = next.at(id);
  if (!toggles_only) {
    if (auto may = changeable(id); !may) return may.error();
    const std::string before = webhook_for_audit(endpoint);
    if (change.url) endpoint.url = *change.url;
    if (change.events) endpoint.events = *change.events;
    if (auto fault = fault_of(endpoint.url, endpoint.events)) return *fault;
    AuditEntry audit = entry(actor, "webhook_changed", id);
    audit.before = before;
    audit.after = webhook_for_audit(endpoint);
    if (auto stored = store(next, std::move(audit)); !stored) return stored.error();
  }
  if (change.enabled) {
    if (*change.enabled)
      parts_.outbox.enable(outlet_of(id));
    else
      parts_.outbox.disable(outlet_of(id), "by an administrator");
    static_cast<void>(parts_.accounts.append_audit(
        entry(actor, *change.enabled ? "webhook_enabled" : "webhook_disabled", id), [](StoreOutcome) {}));
  }
  return view(endpoint);
}

WebhookResult<WebhookView> WebhookDesk::rotate(const std::string& id, std::chrono::seconds grace,
                                               const WebhookActor& actor) {
  const std::lock_guard admin(admin_mutex_);
  if (auto may = changeable(id); !may) return may.error();
  Endpoints next = endpoints();
  WebhookEndpoint& endpoint = next.at(id);
  const WallTime now = parts_.clock.wall();
  for (WebhookSecret& secret : endpoint.secrets)
    if (secret.until.ms == 0) secret.until = now + grace;
  std::erase_if(endpoint.secrets, [now](const WebhookSecret& secret) { return secret.until <= now; });
  endpoint.secrets.insert(endpoint.secrets.begin(), {new_webhook_secret(parts_.random), {}});
  if (endpoint.secrets.size() > kSecretsMax) endpoint.secrets.resize(kSecretsMax);
  const WebhookEndpoint made = endpoint;
  if (auto stored = store(std::move(next), entry(actor, "webhook_secret_rotated", id)); !stored) return stored.error();
  return view(made);
}

WebhookResult<void> WebhookDesk::remove(const std::string& id, const WebhookActor& actor) {
  const std::lock_guard admin(admin_mutex_);
  const auto known = changeable(id);
  if (!known) return known.error();
  Endpoints next = endpoints();
  next.erase(id);
  AuditEntry audit = entry(actor, "webhook_removed", id);
  audit.before = webhook_for_audit(*known);
  if (auto stored = store(std::move(next), std::move(audit)); !stored) return stored.error();
  if (auto closed = parts_.outbox.close(outlet_of(id), true); !closed)
    return WebhookRefusal{Kind::unavailable, closed.error().message};
  return {};
}

WebhookResult<std::vector<WebhookDelivery>> WebhookDesk::deliveries(const std::string& id, std::optional<State> state,
                                                                    std::size_t limit) {
  const auto seen = parts_.outbox.view(outlet_of(id));
  if (!seen) return WebhookRefusal{Kind::not_found, "there is no such webhook"};
  std::vector<WebhookDelivery> out;
  const auto take = [&out](State kind, const std::vector<Letter>& letters) {
    for (const Letter& letter : letters) out.push_back({kind, letter});
  };
  if (!state || *state == State::delivered) take(State::delivered, seen->recent);
  if (!state || *state == State::waiting) take(State::waiting, seen->letters);
  if (!state || *state == State::dead) {
    const auto dead = parts_.outbox.dead(outlet_of(id), limit);
    if (!dead) return WebhookRefusal{Kind::unavailable, dead.error().message};
    take(State::dead, *dead);
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const WebhookDelivery& a, const WebhookDelivery& b) { return a.letter.last > b.letter.last; });
  if (out.size() > limit) out.resize(limit);
  return out;
}

WebhookResult<std::uint64_t> WebhookDesk::retry(const std::string& id, const std::string& key,
                                                const WebhookActor& actor) {
  if (!endpoints().contains(id)) return WebhookRefusal{Kind::not_found, "there is no such webhook"};
  const auto revived = parts_.outbox.retry(outlet_of(id), key);
  if (!revived) return WebhookRefusal{Kind::unavailable, revived.error().message};
  if (!key.empty() && *revived == 0)
    return WebhookRefusal{Kind::not_found, "there is no such delivery among those that were given up"};
  static_cast<void>(parts_.accounts.append_audit(entry(actor, "webhook_retried", id), [](StoreOutcome) {}));
  return *revived;
}

}  // namespace scalemart
