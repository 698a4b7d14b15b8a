// scalemart serve

#include "app/command.hpp"

namespace scalemart {

void declare_serve(CommandSpec spec) {
  auto options = std::make_shared<ServeOptions>();
  spec.flag("--demo", options->demo, "A demo catalogue, and an administrator whose password is printed once");
  spec.footer("SIGTERM or Ctrl-C stops it cleanly. SIGHUP reads the TLS files again.");
  spec.run([options](CommandContext& context) -> int {
    const auto config = context.config();
    return config ? context.programs.serve(*config, *options) : int{kCannotRun};
  });
}

}  // namespace scalemart
