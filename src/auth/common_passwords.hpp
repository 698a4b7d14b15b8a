#pragma once
// The passwords that are tried first.

#include <string_view>

namespace scalemart {

/// Without regard to case, and also when a few digits or signs are only put in front or behind.
[[nodiscard]] bool is_common_password(std::string_view password);

}  // namespace scalemart
