#pragma once
// Who is asking.

#include <cstdint>

#include "domain/ids.hpp"

namespace scalemart {

enum class Role : std::uint8_t { buyer, admin };

/// A caller whose token was verified.
struct Principal {
  UserId user;
  Role role = Role::buyer;
  FamilyId family;  ///< The login this token came from.
};

}  // namespace scalemart
