#include "app/command.hpp"

#include <boost/json/serialize.hpp>
#include <ostream>

#include "app/http_operations.hpp"

namespace scalemart {

std::optional<Config> CommandContext::config() {
  auto loaded = load_config(sources);
  if (loaded) return std::move(*loaded);
  fail(kCannotRun, loaded.error().message);
  return std::nullopt;
}

std::optional<CommandContext::Reached> CommandContext::reach() {
  auto loaded = config();
  if (!loaded) return std::nullopt;
  switch (server_presence(loaded->data)) {
    case ServerPresence::running: {
      auto server = HttpOperations::connect(loaded->data);
      if (server) return Reached{std::move(*loaded), std::move(*server)};
      fail(kCannotRun, server.error().message);
      return std::nullopt;
    }
    case ServerPresence::forbidden:
      fail(kCannotRun, control_socket_path(loaded->data).string() + ": no permission; run as the server's user");
      return std::nullopt;
    case ServerPresence::absent:
      break;
  }
  // A shared shop is in its database, whatever folder this machine has.
  if (loaded->is_shared() || std::filesystem::exists(loaded->data)) return Reached{std::move(*loaded), nullptr};
  fail(kCannotRun, "SCALEMART_DATA: " + loaded->data.string() + " does not exist; `scalemart serve` makes it");
  return std::nullopt;
}

std::unique_ptr<Operations> CommandContext::operations(bool with_queue) {
  auto reached = reach();
  if (!reached) return nullptr;
  if (reached->server) return std::move(reached->server);
  auto local = programs.open_local(reached->config, with_queue);
  if (local) return std::move(*local);
  fail(kCannotRun, local.error().message);
  return nullptr;
}

int CommandContext::refuse(const Refusal& refusal) {
  const Exit code = refusal.kind == Refusal::Kind::refused       ? kAnswerIsNo
                    : refusal.kind == Refusal::Kind::wrong_input ? kWrongUsage
                                                                 : kCannotRun;
  if (json && !refusal.code.empty()) {
    print({{"error", {{"code", refusal.code}, {"detail", refusal.message}}}});
    return code;
  }
  const std::string suffix = refusal.code.empty() ? "" : " [" + refusal.code + "]";
  return fail(code, refusal.message + suffix);
}

int CommandContext::fail(Exit code, std::string_view message) {
  err << "scalemart: " << message << std::endl;
  return code;
}

void CommandContext::print(const boost::json::value& value) {
  out << boost::json::serialize(value) << std::endl;
}

}  // namespace scalemart
