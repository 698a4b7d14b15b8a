#pragma once
// All commands of the program with their options, as plain data: manual pages and shell completion are made of it, so
// they cannot say anything else than --help does.

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace scalemart {

struct CommandOption {
  std::vector<std::string> names;  ///< "--name", "-h"; or one word without dashes: it is known by its place.
  std::string value;               ///< "FILE", "TIME"; may be empty.
  std::string help;
  bool takes_value = false;
  bool is_required = false;
  bool is_setting = false;
  bool is_hidden = false;  ///< Accepted, not shown by --help.

  [[nodiscard]] bool is_positional() const { return !names.front().starts_with('-'); }
  /// Its value names a file or a folder.
  [[nodiscard]] bool takes_path() const;
};

struct CommandNode {
  std::string name;  ///< Of the whole program: "scalemart".
  std::string help;
  std::string footer;
  std::vector<CommandOption> options;
  std::vector<CommandNode> commands;
};

[[nodiscard]] CommandNode command_tree(const CLI::App& app);

}  // namespace scalemart
