#include "app/command_tree.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>

namespace scalemart {
namespace {

CommandOption option_of(const CLI::Option& option) {
  CommandOption out;
  for (const std::string& name : option.get_lnames()) out.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) out.names.push_back("-" + name);
  if (out.names.empty()) out.names.push_back(option.get_name());
  out.takes_value = option.get_items_expected_max() > 0;
  if (out.takes_value) out.value = option.get_type_name();
  out.help = option.get_description();
  out.is_required = option.get_required();
  out.is_setting = option.get_group() == "Settings";
  out.is_hidden = option.get_group().empty();
  return out;
}

}  // namespace

bool CommandOption::takes_path() const {
  static constexpr std::array<std::string_view, 13> kPaths{
      "--config",      "--data", "--pages", "--tls-cert", "--tls-key", "--tokens", "--html",
      "--admin-token", "--into", "folder",  "backup",     "page",      "--json"};
  if (!takes_value) return false;
  return value == "FILE" || value == "FOLDER" || names.front().ends_with("-file") ||
         std::find(kPaths.begin(), kPaths.end(), names.front()) != kPaths.end();
}

CommandNode command_tree(const CLI::App& app) {
  CommandNode node{app.get_name(), app.get_description(), app.get_footer(), {}, {}};
  for (const CLI::Option* option : app.get_options({})) node.options.push_back(option_of(*option));
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    node.commands.push_back(command_tree(*sub));
    if (sub->get_footer() == app.get_footer()) node.commands.back().footer.clear();  // handed down, not its own
  }
  return node;
}

}  // namespace scalemart
