#pragma once
// The guards of a real server: auth's token verifier and admission's limiter.

#include "admission/limiter.hpp"
#include "auth/admins.hpp"
#include "auth/token.hpp"
#include "gateway/middleware/guards.hpp"

namespace scalemart {

/// Called for every answer, on the loop's thread; must be quick.
using OnAnswered = std::function<void(const Answered&)>;

class StageGuards final : public Guards {
 public:
  struct Stages {
    const Clock& clock;
    const KeyRing& keys;
    const Revocations& revocations;
    const Admins& admins;
    Limiter& limiter;
  };
  StageGuards(const Stages& stages, OnAnswered on_answered);

  [[nodiscard]] Verified identify(std::string_view token) noexcept override;
  [[nodiscard]] bool is_admin(UserId user) noexcept override;
  [[nodiscard]] std::optional<Response> limit_address(PolicyId policy, const IpAddress& client,
                                                      SteadyTime now) noexcept override;
  [[nodiscard]] std::optional<Response> limit_user(PolicyId policy, UserId user, SteadyTime now) noexcept override;
  void answered(const Answered& answered) noexcept override;

 private:
  [[nodiscard]] std::optional<Response> limit(PolicyId policy, LimitKey key, SteadyTime now) noexcept;
  Stages stages_;
  TokenVerifier verifier_;
  OnAnswered on_answered_;
};

/// The 429 of contract section 1.
[[nodiscard]] Response rate_limited(const Limiter& limiter, PolicyId policy, const Decision& decision);

}  // namespace scalemart
