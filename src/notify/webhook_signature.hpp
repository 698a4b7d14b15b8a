#pragma once
// Signatures as the Standard Webhooks specification has them (standardwebhooks.com, version 1.0.0).

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace scalemart {

/// "whsec_" and the base 64 of 32 random bytes.
[[nodiscard]] std::string new_webhook_secret(Random& random);
/// The key of a secret: 24 to 64 bytes. Nothing: it is no secret.
[[nodiscard]] std::optional<std::string> webhook_key(std::string_view secret);
/// The value of `webhook-signature`: one "v1,…" for each key, blanks between them.
[[nodiscard]] std::string sign_webhook(std::span<const std::string> keys, std::string_view id, std::int64_t seconds,
                                       std::string_view body);

}  // namespace scalemart
