#pragma once
// What a subcommand is made of. CLI11 itself is seen by cli.cpp and command_tree.cpp alone: it is slow to compile.

#include <boost/json/value.hpp>
#include <chrono>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/command_tree.hpp"
#include "app/config.hpp"
#include "app/programs.hpp"
#include "base/clock.hpp"

namespace scalemart {

/// Exit codes of every command.
enum Exit : int { kDone = 0, kAnswerIsNo = 1, kWrongUsage = 2, kCannotRun = 3 };

/// What commands run with. One per process, made by run_cli().
struct CommandContext {
  const Programs& programs;
  const Clock& clock;
  std::ostream& out;
  std::ostream& err;
  ConfigSources sources;  ///< Flags filled in by parsing.
  bool json = false;
  std::function<CommandNode()> tree = {};  ///< All commands of the program.

  /// The configuration, or a line on err and kCannotRun.
  [[nodiscard]] std::optional<Config> config();
  /// The running server when there is one, else the store opened in this process; or a line on err.
  /// `with_queue`: the order queue is asked as well.
  [[nodiscard]] std::unique_ptr<Operations> operations(bool with_queue = false);
  /// The server that runs on the folder; or none, then the folder is there for this process.
  struct Reached {
    Config config;
    std::unique_ptr<Operations> server;
  };
  /// Or a line on err.
  [[nodiscard]] std::optional<Reached> reach();
  /// Says why on err (or as JSON on out) and gives the exit code.
  int refuse(const Refusal& refusal);
  int fail(Exit code, std::string_view message);
  /// One JSON document and a newline on out.
  void print(const boost::json::value& value);
};

using CommandRun = std::function<int(CommandContext&)>;

/// Declares options of one (sub)command. References must outlive the parsing: keep them in a shared state
/// that the run function owns too.
class CommandSpec {
 public:
  CommandSpec(CLI::App& app, CommandRun& chosen) : app_(app), chosen_(chosen) {}

  CommandSpec sub(const std::string& name, const std::string& help);
  CommandSpec& text(const std::string& names, std::string& into, const std::string& help, bool required = false);
  CommandSpec& texts(const std::string& names, std::vector<std::string>& into, const std::string& help);
  CommandSpec& flag(const std::string& names, bool& into, const std::string& help);
  CommandSpec& number(const std::string& names, std::uint64_t& into, const std::string& help, std::uint64_t min,
                      std::uint64_t max, bool required = false);
  CommandSpec& integer(const std::string& names, std::int64_t& into, const std::string& help, bool required = false);
  CommandSpec& real(const std::string& names, double& into, const std::string& help, double min, double max);
  CommandSpec& duration(const std::string& names, std::chrono::microseconds& into, const std::string& help);
  CommandSpec& footer(const std::string& text);
  /// Whether the option was given on the command line.
  [[nodiscard]] std::function<bool()> given(const std::string& name) const;
  /// What happens when this command is the chosen one.
  void run(CommandRun run);

 private:
  CLI::App& app_;
  CommandRun& chosen_;
};

// One file each: command_<name>.cpp.
void declare_serve(CommandSpec spec);
void declare_worker(CommandSpec spec);
void declare_user(CommandSpec spec);
void declare_product(CommandSpec spec);
void declare_webhook(CommandSpec spec);
void declare_queue(CommandSpec spec);
void declare_key(CommandSpec spec);
void declare_stats(CommandSpec spec);
void declare_rehearse(CommandSpec spec);
void declare_verify(CommandSpec spec);
void declare_backup(CommandSpec spec);
void declare_restore(CommandSpec spec);
void declare_migrate(CommandSpec spec);
void declare_doctor(CommandSpec spec);
void declare_redis(CommandSpec spec);
void declare_config(CommandSpec spec);
void declare_completion(CommandSpec spec);
void declare_manual(CommandSpec spec);
void declare_version(CommandSpec spec);

}  // namespace scalemart
