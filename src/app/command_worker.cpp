// scalemart worker

#include "app/command.hpp"
#include "fulfilment/remote/frames.hpp"

namespace scalemart {

void declare_worker(CommandSpec spec) {
  struct Asked {
    WorkerOptions options;
    std::chrono::microseconds patience{};
  };
  auto asked = std::make_shared<Asked>();
  spec.text("--name", asked->options.name, "What the console calls it [HOST-PID]");
  spec.duration("--give-up-after", asked->patience, "End when there was no server for so long [never]");
  spec.footer(
      "Takes orders from the server that runs on the same data folder, and waits for one when there is none.\n"
      "With the SCALEMART_DATABASE and SCALEMART_REDIS of a shared shop: from all its gateways, on any machine.\n"
      "SCALEMART_METRICS_LISTEN=ADDRESS:PORT gives it /metrics, /healthz and /readyz.\n"
      "SIGTERM or Ctrl-C finishes what it has in hand and gives the rest back.");
  spec.run([asked](CommandContext& context) -> int {
    if (!asked->options.name.empty() && !is_worker_name(asked->options.name)) {
      return context.fail(kWrongUsage, "--name: \"" + asked->options.name +
                                           "\" is not allowed; allowed are 1 to 64 of A-Z a-z 0-9 . _ -");
    }
    const auto config = context.config();
    if (!config) return kCannotRun;
    asked->options.patience = std::chrono::duration_cast<std::chrono::milliseconds>(asked->patience);
    return context.programs.worker(*config, asked->options);
  });
}

}  // namespace scalemart
