#pragma once
// Scripts by which a shell completes the program's commands and options.

#include <optional>
#include <string>
#include <string_view>

#include "app/command_tree.hpp"

namespace scalemart {

/// `shell`: bash, zsh or fish; nothing for another.
[[nodiscard]] std::optional<std::string> completion_script(const CommandNode& program, std::string_view shell);

}  // namespace scalemart
