#include "gateway/webhook_json.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>

#include "domain/time_text.hpp"

namespace scalemart {
namespace {

namespace json = boost::json;
using State = WebhookDelivery::State;

constexpr std::array<std::string_view, 3> kStates{"delivered", "waiting", "dead"};
constexpr std::chrono::seconds kGrace = std::chrono::hours(24);

json::value time_or_null(WallTime time) {
  return time.ms == 0 ? json::value(nullptr) : json::value(to_rfc3339(time));
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

std::string_view state_of(const WebhookView& view) {
  if (!view.place.disabled.empty()) return "disabled";
  return view.place.failing_since.ms != 0 ? "failing" : "enabled";
}

std::vector<std::string> texts_of(const json::value& list) {
  std::vector<std::string> out;
  for (const auto& item : list.as_array()) out.emplace_back(item.as_string());
  return out;
}

}  // namespace

json::object render_webhook(const WebhookView& view, bool reveal) {
  const WebhookEndpoint& endpoint = view.endpoint;
  json::array events;
  for (const std::string& event : endpoint.events) events.push_back(json::value(event));
  json::object out{{"id", endpoint.id}, {"url", endpoint.url}, {"events", std::move(events)}};
  if (reveal && !endpoint.secrets.empty()) out["secret"] = endpoint.secrets.front().text;
  out["state"] = state_of(view);
  out["disabled_reason"] = text_or_null(view.place.disabled);
  out["from_configuration"] = endpoint.by_setting;
  out["created_at"] = time_or_null(endpoint.created);
  out["delivered_up_to"] = view.place.cursor;
  out["behind"] = view.head - std::min(view.place.cursor, view.head);
  out["waiting"] = view.waiting;
  out["dead"] = view.dead;
  out["last_delivered_at"] = time_or_null(view.place.last_delivered);
  out["failing_since"] = time_or_null(view.place.failing_since);
  out["problem"] = text_or_null(view.problem);
  return out;
}

json::object render_delivery(const WebhookDelivery& delivery) {
  const Letter& letter = delivery.letter;
  json::object out{{"id", letter.key},
                   {"type", letter.type},
                   {"state", kStates[static_cast<std::size_t>(delivery.state)]},
                   {"sequence", letter.sequence},
                   {"at", time_or_null(letter.at)},
                   {"attempts", letter.attempts},
                   {"last_attempt_at", time_or_null(letter.last)},
                   {"next_attempt_at", delivery.state == State::waiting ? time_or_null(letter.next) : nullptr},
                   {"status", nullptr},
                   {"problem", text_or_null(letter.problem)}};
  if (letter.status != 0) out["status"] = letter.status;
  return out;
}

std::optional<State> parse_delivery_state(std::string_view text) {
  for (std::size_t i = 0; i < kStates.size(); ++i)
    if (text == kStates[i]) return static_cast<State>(i);
  return std::nullopt;
}

WebhookDraft read_webhook_draft(const json::object& body) {
  WebhookDraft draft;
  draft.url = body.at("url").as_string();
  if (const auto* events = body.if_contains("events")) draft.events = texts_of(*events);
  if (const auto* secret = body.if_contains("secret")) draft.secret = secret->as_string();
  return draft;
}

WebhookChange read_webhook_change(const json::object& body) {
  WebhookChange change;
  if (const auto* url = body.if_contains("url")) change.url = std::string(url->as_string());
  if (const auto* events = body.if_contains("events")) change.events = texts_of(*events);
  if (const auto* enabled = body.if_contains("enabled")) change.enabled = enabled->as_bool();
  return change;
}

std::chrono::seconds read_webhook_grace(const json::object& body) {
  const auto* grace = body.if_contains("grace_seconds");
  return grace == nullptr ? kGrace : std::chrono::seconds(grace->to_number<std::int64_t>());
}

std::string read_webhook_retry(const json::object& body) {
  const auto* id = body.if_contains("delivery_id");
  return id == nullptr ? std::string() : std::string(id->as_string());
}

}  // namespace scalemart
