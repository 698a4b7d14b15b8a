#pragma once
// Manual pages (roff, man(7)), from what --help and the table of settings say.

#include <string>
#include <vector>

#include "app/command_tree.hpp"

namespace scalemart {

struct ManualPage {
  std::string name;  ///< "scalemart-serve"
  int section = 1;
  std::string text;
  [[nodiscard]] std::string file_name() const { return name + "." + std::to_string(section); }
};

/// scalemart(1), one page a command, and scalemart.toml(5).
[[nodiscard]] std::vector<ManualPage> manual_pages(const CommandNode& program);

}  // namespace scalemart
