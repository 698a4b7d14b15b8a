#pragma once
// Which ScaleMart this is, and what it is made with.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scalemart {

[[nodiscard]] std::string_view version();   ///< "0.1.0"
[[nodiscard]] std::string_view revision();  ///< Of the source; "unknown" when it was not built from git.
[[nodiscard]] std::string_view compiler();
/// Name and version of the libraries in use, as they say themselves at run time.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> libraries();

}  // namespace scalemart
