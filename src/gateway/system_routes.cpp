#include "gateway/system_routes.hpp"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <memory>

#include "domain/time_text.hpp"

namespace scalemart {
namespace {

using boost::json::object;

constexpr std::size_t kAuditPage = 20;
constexpr std::array kChangeable{PolicyId::flash_buy, PolicyId::login, PolicyId::register_account, PolicyId::other};

object limits_json(const Limiter& limiter) {
  object data;
  for (const PolicyId id : kChangeable) {
    const Limiter::Counts counts = limiter.counts(id);
    data[to_text(id)] = object{{"limit", limiter.policy(id).to_string()},
                               {"allowed", counts.allowed},
                               {"refused", counts.refused},
                               {"untracked", counts.untracked},
                               {"buckets", counts.buckets}};
  }
  return data;
}

object limit_texts(const Limiter& limiter) {
  object data;
  for (const PolicyId id : kChangeable) data[to_text(id)] = limiter.policy(id).to_string();
  return data;
}

void change(Limiter& limiter, PolicyId id, const RatePolicy& policy, SteadyTime now) {
  limiter.change(id, policy, now);
  if (id != PolicyId::login) return;
  RatePolicies derived;
  derived.login = policy;
  limiter.change(PolicyId::login_address, derived.of(PolicyId::login_address), now);
}

boost::json::value json_or_null(const std::string& text) {
  boost::system::error_code failed;
  auto value = text.empty() ? boost::json::value() : boost::json::parse(text, failed);
  return failed ? boost::json::value(text) : value;
}

object audit_json(const AuditRow& row) {
  return {{"sequence", row.sequence},
          {"who", row.entry.who},
          {"what", row.entry.what},
          {"target", row.entry.target},
          {"when", to_rfc3339(row.entry.when)},
          {"from", row.entry.from},
          {"before", json_or_null(row.entry.before)},
          {"after", json_or_null(row.entry.after)}};
}

class SystemHandlers {
 public:
  explicit SystemHandlers(SystemServices services) : s_(services) {}

  void get_limits(Exchange& x) const { x.respond(json_ok(limits_json(s_.limiter))); }

  void set_limits(Exchange& x) const {
    const object& body = x.json().as_object();
    std::array<std::optional<RatePolicy>, kPolicyCount> changes;
    for (const PolicyId id : kChangeable) {
      const auto* text = body.if_contains(to_text(id));
      if (text == nullptr) continue;
      const auto policy = RatePolicy::parse(text->as_string());
      if (!policy)
        return x.respond(validation_error(R"(["body",")" + std::string(to_text(id)) + R"("])", policy.error().message,
                                          "value_error"));
      changes[static_cast<std::size_t>(id)] = *policy;
    }
    AuditEntry entry;
    entry.who = to_string(x.principal()->user);
    entry.what = "rate_limits_changed";
    entry.target = kRateLimitSetting;
    entry.when = s_.clock.wall();
    entry.from = x.client().text();
    object texts = limit_texts(s_.limiter);
    entry.before = boost::json::serialize(texts);
    for (const PolicyId id : kChangeable)
      if (const auto& policy = changes[static_cast<std::size_t>(id)]) texts[to_text(id)] = policy->to_string();
    entry.after = boost::json::serialize(texts);
    // Stored first: what a restart would forget must not be in force.
    const auto reply = std::make_shared<Later>(x.later());
    const Setting setting{std::string(kRateLimitSetting), entry.after};
    const bool taken = s_.accounts.put_setting(setting, std::move(entry), [this, reply, changes](StoreOutcome outcome) {
      if (outcome != StoreOutcome::done)
        return reply->respond(error(503, "read_only", "Nothing can be stored at the moment."));
      for (const PolicyId id : kChangeable)
        if (const auto& policy = changes[static_cast<std::size_t>(id)])
          change(s_.limiter, id, *policy, s_.clock.steady());
      reply->respond(json_ok(limits_json(s_.limiter)));
    });
    if (!taken) reply->respond(error(503, "overloaded", "Too many requests at once. Please try again."));
  }

  void audit(Exchange& x) const {
    std::size_t limit = kAuditPage;
    std::uint64_t before = 0;
    if (const auto text = x.query("limit")) std::from_chars(text->data(), text->data() + text->size(), limit);
    if (const auto text = x.query("cursor")) {
      const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), before);
      if (code != std::errc() || end != text->data() + text->size() || before == 0)
        return x.respond(
            validation_error(R"(["query","cursor"])", "This is no cursor of this list.", "invalid_cursor"));
    }
    const auto reply = std::make_shared<Later>(x.later());
    if (!s_.accounts.audit_page(before, limit, [reply, limit](const Result<std::vector<AuditRow>>& rows) {
          if (!rows) return reply->respond(error(503, "unavailable", "The audit trail does not answer."));
          boost::json::array data;
          for (const AuditRow& row : *rows) data.push_back(audit_json(row));
          const bool more = rows->size() == limit && rows->back().sequence > 1;
          reply->respond(json_list(data, more ? std::to_string(rows->back().sequence) : std::string()));
        }))
      reply->respond(error(503, "overloaded", "Too many requests at once. Please try again."));
  }

 private:
  SystemServices s_;
};

}  // namespace

void apply_stored_limits(Limiter& limiter, std::string_view json, SteadyTime now) {
  boost::system::error_code failed;
  const auto stored = boost::json::parse(json, failed);
  const object* limits = failed ? nullptr : stored.if_object();
  if (limits == nullptr) return;
  for (const PolicyId id : kChangeable) {
    const auto* text = limits->if_contains(to_text(id));
    if (text == nullptr || !text->is_string()) continue;
    if (const auto policy = RatePolicy::parse(text->as_string())) change(limiter, id, *policy, now);
  }
}

Routes system_routes(SystemServices services) {
  const auto handlers = std::make_shared<const SystemHandlers>(services);
  const auto route = [&handlers](Method method, std::string path, std::string operation, Body body,
                                 void (SystemHandlers::*handle)(Exchange&) const) {
    return Route{method,
                 std::move(path),
                 std::move(operation),
                 Access::admin,
                 "default",
                 body,
                 [handlers, handle](Exchange& x) { (handlers.get()->*handle)(x); },
                 true};
  };
  return {route(Method::get, "/api/admin/rate-limits", "adminGetRateLimits", Body::none, &SystemHandlers::get_limits),
          route(Method::put, "/api/admin/rate-limits", "adminSetRateLimits", Body::json, &SystemHandlers::set_limits),
          route(Method::get, "/api/admin/audit", "adminAudit", Body::none, &SystemHandlers::audit)};
}

}  // namespace scalemart
