#include "app/cli.hpp"

#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "app/command.hpp"
#include "app/settings.hpp"
#include "app/units.hpp"
#include "app/version.hpp"
#include "backend/mongodb/client.hpp"

namespace scalemart {
namespace {

struct Subcommand {
  const char* name;
  const char* help;
  void (*declare)(CommandSpec);
  bool shows_settings;  ///< In --help; they are accepted everywhere.
};

constexpr Subcommand kSubcommands[] = {
    {"serve", "Run the shop: API, pages, ledger and workers", declare_serve, true},
    {"worker", "Work on the orders of a server on the same data folder, or of a shared shop", declare_worker, true},
    {"user", "Create, seed, list, disable users; set passwords", declare_user, false},
    {"product", "Create, change, list, pause products; move stock", declare_product, false},
    {"webhook", "Tell other programs of orders and stock", declare_webhook, false},
    {"queue", "The order queue: watch it, settle dead letters, steer workers", declare_queue, false},
    {"key", "Rotate the key that signs access tokens", declare_key, false},
    {"stats", "What the shop sold, refused and has in its queues", declare_stats, false},
    {"rehearse", "Load a server with a crowd and check that nothing was oversold", declare_rehearse, false},
    {"verify", "Prove the ledger from its records", declare_verify, false},
    {"backup", "Copy the shop, running or not, into a folder", declare_backup, false},
    {"restore", "Make a data folder from a backup", declare_restore, false},
    {"migrate", "Move the shop of a data folder to a shared database", declare_migrate, false},
    {"doctor", "Check this machine and the data folder", declare_doctor, false},
    {"redis", "Print what a shared Redis is set up with", declare_redis, false},
    {"config", "Print the configuration in effect", declare_config, true},
    {"completion", "Print a script by which a shell completes commands and options", declare_completion, false},
    {"manual", "Print a manual page", declare_manual, false},
    {"version", "Print the version", declare_version, false},
};

// Every setting is a flag of every subcommand that has a configuration.
void add_settings(CLI::App& app, bool shown, ConfigSources& sources) {
  app.add_option_function<std::string>(
         "--config", [&sources](const std::string& path) { sources.file = path; }, "TOML file with settings")
      ->type_name("FILE");
  const auto add = [&](const std::string& flag, const std::string& variable, const std::string& help, bool show) {
    app.add_option_function<std::string>(
           flag, [&sources, variable](const std::string& value) { sources.flags[variable] = value; }, help)
        ->type_name("")
        ->group(show ? "Settings" : "");
  };
  for (const Setting& setting : settings()) {
    const bool show = shown || setting.name == "DATA";
    const bool is_concurrency = shown && setting.name == "WORKER_CONCURRENCY";
    std::string help(setting.help);
    if (!setting.fallback.empty()) help += " [" + std::string(setting.fallback) + "]";
    add(setting.flag() + (is_concurrency ? ",--concurrency" : ""), setting.variable(), help, show);
    if (setting.mask != Mask::none) {
      add(setting.flag() + "-file", setting.variable() + "_FILE", "A file with that", shown);
    }
  }
}

void declare_all(CLI::App& app, CommandContext& context, CommandRun& chosen) {
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help of every subcommand");
  app.footer("Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 cannot run.");
  for (const Subcommand& subcommand : kSubcommands) {
    CLI::App* sub = app.add_subcommand(subcommand.name, subcommand.help);
    sub->fallthrough();                            // settings and --json may stand after a nested command too
    if (subcommand.declare != declare_rehearse) {  // it needs no settings, and its --json takes a file
      sub->add_flag("--json", context.json, "Report as JSON");
      add_settings(*sub, subcommand.shows_settings, context.sources);
    }
    subcommand.declare(CommandSpec(*sub, chosen));
  }
}

}  // namespace

CommandSpec CommandSpec::sub(const std::string& name, const std::string& help) {
  app_.require_subcommand(1);
  CLI::App* sub = app_.add_subcommand(name, help);
  sub->fallthrough();
  return CommandSpec(*sub, chosen_);
}

CommandSpec& CommandSpec::text(const std::string& names, std::string& into, const std::string& help, bool required) {
  app_.add_option(names, into, help)->required(required)->type_name("");
  return *this;
}

CommandSpec& CommandSpec::texts(const std::string& names, std::vector<std::string>& into, const std::string& help) {
  app_.add_option(names, into, help)->type_name("");
  return *this;
}

CommandSpec& CommandSpec::flag(const std::string& names, bool& into, const std::string& help) {
  app_.add_flag(names, into, help);
  return *this;
}

CommandSpec& CommandSpec::number(const std::string& names, std::uint64_t& into, const std::string& help,
                                 std::uint64_t min, std::uint64_t max, bool required) {
  const std::string range = std::to_string(min) + " to " + std::to_string(max);
  app_.add_option_function<std::string>(
          names,
          [&into, names, min, max, range](const std::string& text) {
            const auto value = parse_count(text);
            if (!value || *value < min || *value > max) {
              throw CLI::ValidationError(names, "\"" + text + "\" is not allowed; allowed is " + range);
            }
            into = *value;
          },
          help)
      ->required(required)
      ->type_name("N");
  return *this;
}

CommandSpec& CommandSpec::integer(const std::string& names, std::int64_t& into, const std::string& help,
                                  bool required) {
  app_.add_option(names, into, help)->required(required)->type_name("N");
  return *this;
}

CommandSpec& CommandSpec::real(const std::string& names, double& into, const std::string& help, double min,
                               double max) {
  app_.add_option(names, into, help)->check(CLI::Range(min, max))->type_name("N");
  return *this;
}

CommandSpec& CommandSpec::duration(const std::string& names, std::chrono::microseconds& into, const std::string& help) {
  app_.add_option_function<std::string>(
          names,
          [&into, names](const std::string& text) {
            const auto value = parse_duration(text);
            if (!value || value->count() == 0) {
              throw CLI::ValidationError(names,
                                         "\"" + text + "\" is not allowed; allowed is a time such as 30s or 24h");
            }
            into = *value;
          },
          help)
      ->type_name("TIME");
  return *this;
}

CommandSpec& CommandSpec::footer(const std::string& text) {
  app_.footer(text);
  return *this;
}

std::function<bool()> CommandSpec::given(const std::string& name) const {
  const CLI::Option* option = app_.get_option(name);
  return [option] { return option->count() > 0; };
}

void CommandSpec::run(CommandRun run) {
  app_.final_callback([&chosen = chosen_, run = std::move(run)] { chosen = run; });
}

int run_cli(int argc, const char* const* argv, const Programs& programs, ConfigSources sources, std::ostream& out,
            std::ostream& err) {
  const SystemClock clock;
  sources.check = programs.check_setting;
  CommandContext context{programs, clock, out, err, std::move(sources)};
  CommandRun chosen;
  CLI::App app("ScaleMart sells a limited stock to a crowd, every unit exactly once.", "scalemart");
  app.set_version_flag("--version", std::string(version()));
  declare_all(app, context, chosen);
  context.tree = [&app] { return command_tree(app); };
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {  // --help, --version
    app.exit(wanted, out, err);
    return kDone;
  } catch (const CLI::ParseError& fault) {
    err << "scalemart: " << fault.what() << "\nRun with --help for more information.\n";
    return kWrongUsage;
  }
  try {
    return chosen(context);
  } catch (const std::exception& fault) {  // out of memory, a disk that vanished: nothing was expected to throw
    return context.fail(kCannotRun, fault.what());
  }
}

int run_cli(int argc, char** argv) {
  mongo::unlink_counters();
  ::umask(0077);  // what a shop writes is nobody else's to read
  return run_cli(argc, argv, programs(), sources_of_process(), std::cout, std::cerr);
}

}  // namespace scalemart
