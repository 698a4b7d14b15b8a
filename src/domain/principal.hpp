#pragma once
// Who is asking: what a verified access token says.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "domain/ids.hpp"

namespace scalemart {

enum class Role : std::uint8_t { buyer, admin };
inline constexpr int kRoleCount = 2;

[[nodiscard]] constexpr std::string_view to_text(Role role) {
  return role == Role::admin ? "admin" : "buyer";
}

[[nodiscard]] constexpr std::optional<Role> parse_role(std::string_view text) {
  if (text == "buyer") return Role::buyer;
  if (text == "admin") return Role::admin;
  return std::nullopt;
}

struct Principal {
  UserId user;
  /// As it was when the token was made. Admin actions ask auth/admins.hpp instead: it changes at once.
  Role role = Role::buyer;
  FamilyId family;   ///< The login this token belongs to.
  WallTime expires;  ///< Valid before this instant.
};

}  // namespace scalemart
