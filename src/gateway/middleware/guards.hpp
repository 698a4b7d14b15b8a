#pragma once
// What the pipeline asks of the other stages. One object per event loop, called on its thread only.

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "admission/policy.hpp"
#include "auth/token.hpp"
#include "base/ip_address.hpp"
#include "domain/principal.hpp"
#include "gateway/response.hpp"
#include "gateway/router.hpp"

namespace scalemart {

/// One answered request, for metrics and logs.
struct Answered {
  const RouteEntry* route = nullptr;  ///< nullptr: refused before it was known.
  Method method = Method::get;
  int status = 0;
  std::chrono::nanoseconds duration{};
  std::string_view request_id;
  const IpAddress* client = nullptr;
};

class Guards {
 public:
  virtual ~Guards() = default;
  /// `token` as it stands after "Bearer ".
  [[nodiscard]] virtual Verified identify(std::string_view token) noexcept = 0;
  /// Asks the store's roles, not the token.
  [[nodiscard]] virtual bool is_admin(UserId user) noexcept = 0;
  /// Takes a token of the address's bucket; a response refuses. Policies that count users let pass.
  [[nodiscard]] virtual std::optional<Response> limit_address(PolicyId policy, const IpAddress& client,
                                                              SteadyTime now) noexcept = 0;
  /// Likewise of the user's; policies that count addresses let pass.
  [[nodiscard]] virtual std::optional<Response> limit_user(PolicyId policy, UserId user, SteadyTime now) noexcept = 0;
  virtual void answered(const Answered& answered) noexcept = 0;
};

/// Where there are no accounts: everybody is a stranger, nobody is refused for coming too often, nothing is counted.
class NoGuards final : public Guards {
 public:
  Verified identify(std::string_view) noexcept override { return TokenError::invalid; }
  bool is_admin(UserId) noexcept override { return false; }
  std::optional<Response> limit_address(PolicyId, const IpAddress&, SteadyTime) noexcept override {
    return std::nullopt;
  }
  std::optional<Response> limit_user(PolicyId, UserId, SteadyTime) noexcept override { return std::nullopt; }
  void answered(const Answered&) noexcept override {}
};

/// Makes the guards of loop number `loop`.
using GuardsFactory = std::function<std::unique_ptr<Guards>(std::size_t loop)>;

}  // namespace scalemart
