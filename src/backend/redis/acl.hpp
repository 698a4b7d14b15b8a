#pragma once
// What the users of Redis may do: exactly what gateways and workers need.

#include <span>
#include <string>
#include <string_view>

#include "backend/redis/functions.hpp"

namespace scalemart::redis {

/// Commands that functions call. Redis asks for the user's right to each of them as well.
[[nodiscard]] std::span<const std::string_view> commands_of_functions();

/// The rules of gateways and workers, without a password: `~scalemart:* ... +fcall|scalemart_v1_screen ...`.
[[nodiscard]] std::string shop_rules(const Keyspace& keys);
/// Of whoever loads the function library, once a version.
[[nodiscard]] std::string setup_rules(const Keyspace& keys);

/// An ACL file: the default user is off; `scalemart`, `scalemart-setup`, `replica` and `sentinel` are there, each off
/// and without a password until the operator gives it one. It is deploy/redis/users.acl; a test compares them.
[[nodiscard]] std::string acl_file(const Keyspace& keys);
/// What a rule has in place of a password: # and the SHA-256 in hexadecimal digits.
[[nodiscard]] std::string password_rule(std::string_view password);

}  // namespace scalemart::redis
