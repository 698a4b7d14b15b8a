#include "app/worker_listener.hpp"

#include "app/step_metrics.hpp"
#include "app/version.hpp"
#include "gateway/operations_routes.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kConnections = 64;

}  // namespace

Result<std::unique_ptr<WorkerListener>> WorkerListener::open(const Config& config, const Clock& clock,
                                                             NotReady not_ready) {
  if (config.metrics_listen.empty()) return std::unique_ptr<WorkerListener>();
  const auto address = parse_listen(config.metrics_listen);
  if (!address) return error("SCALEMART_METRICS_LISTEN: " + address.error().message);
  auto operators = TrustedProxies::parse(config.operator_network);
  if (!operators) return error("SCALEMART_OPERATOR_NETWORK: " + operators.error().message);
  std::unique_ptr<WorkerListener> made(new WorkerListener(config.is_shared()));
  Gateway::Parts parts;
  parts.options.address = address->host == "localhost" ? "127.0.0.1" : address->host;
  parts.options.port = address->port;
  parts.options.threads = 1;
  parts.options.connections = {kConnections, kConnections, 0};
  parts.options.operator_network = std::move(*operators);
  parts.guards = [](std::size_t) { return std::make_unique<NoGuards>(); };
  parts.routes = operations_routes({not_ready, [self = made.get(), not_ready] { return self->render(not_ready); }, {}});
  std::erase_if(parts.routes, [](const Route& route) { return route.access == Access::admin; });
  auto gateway = Gateway::create(std::move(parts), clock, made->random_);
  if (!gateway) return error("SCALEMART_METRICS_LISTEN: " + gateway.error().message);
  made->gateway_ = std::move(*gateway);
  made->metrics_.build_info.at({version(), revision(), compiler()}).set(1);
  return made;
}

StepHook WorkerListener::count(StepHook also) {
  return counts_steps_ ? count_steps(metrics_, std::move(also)) : also;
}

std::string WorkerListener::render(const NotReady& not_ready) {
  metrics_.ready.at({}).set(not_ready().empty() ? 1 : 0);
  return metrics_.render_worker();
}

}  // namespace scalemart
