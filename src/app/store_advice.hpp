#pragma once
// What an operator can do about a database or a Redis that cannot be used.

#include <string>
#include <string_view>

namespace scalemart {

/// "SETTING: what went wrong; what to do", where something is known to do that the line does not say already.
[[nodiscard]] std::string with_advice(std::string_view setting, std::string_view fault);

}  // namespace scalemart
