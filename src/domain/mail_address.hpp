#pragma once
// Which e-mail addresses a shop can write to.

#include <string_view>

namespace scalemart {

/// ASCII local@domain without anything that needs quoting, at most 254 characters (RFC 5321, 4.5.3.1.3).
[[nodiscard]] bool is_mail_address(std::string_view text);

}  // namespace scalemart
