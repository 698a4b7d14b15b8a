#pragma once
// The TOML file: flat keys, as `scalemart config --docs` lists them.

#include <filesystem>
#include <map>
#include <string>

#include "base/result.hpp"

namespace scalemart {

/// Key to text, as if it had been given in the environment; lists are joined with commas. A table's keys get
/// its name in front: [rate_limit] login is rate_limit_login.
[[nodiscard]] Result<std::map<std::string, std::string>> read_config_file(const std::filesystem::path& path);

}  // namespace scalemart
