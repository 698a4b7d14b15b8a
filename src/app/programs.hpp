#pragma once
// The parts of the command line that need the whole engine. composition.cpp provides the real ones; tests
// of the commands provide their own.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/operations.hpp"

namespace scalemart {

struct Config;
struct MigrationReport;

struct ServeOptions {
  bool demo = false;  ///< A demo catalogue, and an administrator whose random password is printed once.
};

struct WorkerOptions {
  std::string name;                      ///< Empty: HOST-PID.
  std::chrono::milliseconds patience{};  ///< Give up when there was no server for so long. Zero: never.
};

struct Programs {
  /// Runs until SIGTERM or SIGINT; the process's exit code.
  std::function<int(const Config&, const ServeOptions&)> serve;
  std::function<int(const Config&, const WorkerOptions&)> worker;
  /// Opens the store of config.data in this process, `with_queue` the order queue as well, without workers.
  /// cannot_run when another process holds it.
  std::function<Done<std::unique_ptr<Operations>>(const Config&, bool with_queue)> open_local;
  /// Proves what is in config.data, which no server has open, and changes nothing there.
  std::function<Done<VerifyReport>(const Config&, const Clock&)> verify_local;
  /// The stages' own parsers for values that the configuration keeps as text (rate limits, payment URLs):
  /// what is wrong and what is allowed, or nothing. May be empty.
  std::function<std::optional<std::string>(std::string_view variable, std::string_view value)> check_setting;
  /// The page that draws a rehearsal's report; empty: this program was built without pages.
  std::string_view report_page = {};
  /// Moves the shop of config.data to config.database; `dry_run`: only says what would be moved.
  std::function<Done<MigrationReport>(const Config&, bool dry_run, const Clock&)> migrate = {};
};

/// Defined in composition.cpp.
[[nodiscard]] Programs programs();

}  // namespace scalemart
