#pragma once
// What must never be seen in logs or printed configuration.

#include <string>
#include <string_view>

namespace scalemart {

inline constexpr std::string_view kRedacted = "[redacted]";

/// Whether a field of this name may hold a secret: it contains password, token, secret, authorization,
/// cookie or api_key, in any case.
[[nodiscard]] bool names_a_secret(std::string_view field_name);

/// `scheme://user:password@host` with the part before the @ replaced, as often as it occurs.
[[nodiscard]] std::string redact_url_credentials(std::string_view text);

/// `local@domain` replaced, as often as it occurs: mail servers and banks like to repeat whom they refuse.
[[nodiscard]] std::string redact_addresses(std::string_view text);

}  // namespace scalemart
