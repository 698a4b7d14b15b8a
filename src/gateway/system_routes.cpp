#include "gateway/system_routes.hpp"

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <memory>

#include "gateway/render.hpp"

namespace scalemart {
namespace {

using boost::json::object;

constexpr std::array kChangeable{PolicyId::flash_buy, PolicyId::login, PolicyId::register_account, PolicyId::other};

/// What has a bucket of its own under a policy.
std::string_view counted_by(PolicyId id) {
  if (id == PolicyId::flash_buy) return "user";
  return id == PolicyId::login ? "account" : "address";
}

object last_minute_json(const Limiter::Refusals& refusals) {
  object data{{"refused", refusals.refused}, {"distinct", refusals.distinct}, {"largest_share", nullptr}};
  if (refusals.distinct > 0) data["largest_share"] = refusals.largest_share;
  return data;
}

object limits_json(const Limiter& limiter, SteadyTime now) {
  object data;
  for (std::size_t i = 0; i < kPolicyCount; ++i) {
    const auto id = static_cast<PolicyId>(i);
    const Limiter::Counts counts = limiter.counts(id);
    data[to_text(id)] = object{{"limit", limiter.policy(id).to_string()},
                               {"allowed", counts.allowed},
                               {"refused", counts.refused},
                               {"untracked", counts.untracked},
                               {"buckets", counts.buckets},
                               {"counts", counted_by(id)},
                               {"last_minute", last_minute_json(limiter.refusals(id, now))}};
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

class SystemHandlers {
 public:
  explicit SystemHandlers(SystemServices services) : s_(services) {}

  void get_limits(Exchange& x) const { tell(std::make_shared<Later>(x.later())); }

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
      tell(reply);
    });
    if (!taken) reply->respond(too_busy());
  }

 private:
  /// Counting who was refused looks at whole tables: not on an event loop.
  void tell(const std::shared_ptr<Later>& reply) const {
    if (!s_.pool.post([this, reply] { reply->respond(json_ok(limits_json(s_.limiter, s_.clock.steady()))); }))
      reply->respond(too_busy());
  }

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
          route(Method::put, "/api/admin/rate-limits", "adminSetRateLimits", Body::json, &SystemHandlers::set_limits)};
}

}  // namespace scalemart
