#include "gateway/middleware/stage_guards.hpp"

#include "gateway/options.hpp"

namespace scalemart {

StageGuards::StageGuards(const Stages& stages, OnAnswered on_answered)
    : stages_(stages), verifier_(stages.keys, stages.revocations), on_answered_(std::move(on_answered)) {}

Verified StageGuards::identify(std::string_view token) noexcept {
  return verifier_.verify(token, stages_.clock.wall());
}

bool StageGuards::is_admin(UserId user) noexcept {
  return stages_.admins.contains(user);
}

std::optional<Response> StageGuards::limit_address(PolicyId policy, const IpAddress& client, SteadyTime now) noexcept {
  if (policy == PolicyId::flash_buy) return std::nullopt;  // By user.
  // The account's own login limit is the login handler's: only it knows which account is meant.
  return limit(policy == PolicyId::login ? PolicyId::login_address : policy, limit_key(client), now);
}

std::optional<Response> StageGuards::limit_user(PolicyId policy, UserId user, SteadyTime now) noexcept {
  if (policy != PolicyId::flash_buy) return std::nullopt;
  return limit(policy, limit_key(user), now);
}

std::optional<Response> StageGuards::limit(PolicyId policy, LimitKey key, SteadyTime now) noexcept {
  const Decision decision = stages_.limiter.take(policy, key, now);
  if (decision.allowed) return std::nullopt;
  return rate_limited(stages_.limiter, policy, decision);
}

void StageGuards::answered(const Answered& answered) noexcept {
  if (on_answered_) on_answered_(answered);
}

Response rate_limited(const Limiter& limiter, PolicyId policy, const Decision& decision) {
  Response r = error(429, "rate_limited", "Too many requests.");
  r.add_header("Retry-After", std::to_string(Limiter::retry_after_seconds(decision)));
  r.add_header("RateLimit-Policy", limiter.policy_header(policy).view());
  r.add_header("RateLimit", Limiter::limit_header(policy, decision).view());
  return r;
}

}  // namespace scalemart
