// The example of a configuration file, from the table.

#include <fmt/format.h>

#include "app/settings.hpp"

namespace scalemart {

std::string settings_example(std::string_view data_folder) {
  std::string out =
      "# Settings of ScaleMart: scalemart.toml(5). What stands behind a # is the default.\n"
      "# `scalemart config --config THIS_FILE` checks it and says what is in effect.\n";
  std::string_view group;
  for (const Setting& setting : settings()) {
    if (setting.group != group) {
      group = setting.group;
      out += fmt::format("\n# --- {}\n", group);
    }
    out += fmt::format("\n# {}\n", setting.help);
    if (const std::string allowed = setting.allowed(); !allowed.empty()) out += fmt::format("# Allowed: {}\n", allowed);
    const bool is_data = setting.name == "DATA" && !data_folder.empty();
    if (setting.mask != Mask::none)
      out += fmt::format(
          "# It may hold a secret: then better in a file of its own, SCALEMART_{}_FILE or the credential {}.\n",
          setting.name, setting.key());
    out += fmt::format("{}{} = \"{}\"\n", is_data ? "" : "# ", setting.key(), is_data ? data_folder : setting.fallback);
  }
  return out;
}

}  // namespace scalemart
