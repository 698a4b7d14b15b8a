#include "gateway/server.hpp"

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <condition_variable>
#include <thread>

#include "gateway/listener.hpp"
#include "gateway/loop.hpp"

namespace scalemart {
namespace {

/// Every connection is a descriptor; the hard limit is ours to use.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// Connects routes and document, and refuses routes whose rules are missing.
Result<void> bind_operations(Router& router, const ApiDocument* document) {
  for (auto& entry : router.entries()) {
    const Route& route = entry->route;
    if (document != nullptr)
      if (const auto index = document->find(route.operation_id)) entry->operation = *index;
    const bool known = entry->operation != SIZE_MAX;
    if (route.body == Body::json && (!known || !document->operations()[entry->operation].has_json_body))
      return error("route " + route.operation_id + ": the API document has no schema for its body");
  }
  return {};
}

}  // namespace

struct Gateway::State {
  State(Parts parts_in, const Clock& clock_in, Router router_in)
      : parts(std::move(parts_in)),
        clock(clock_in),
        router(std::move(router_in)),
        pipeline(parts.options, router, parts.document, parts.not_found),
        limits(parts.options.connections) {}

  Parts parts;
  const Clock& clock;
  Router router;
  Pipeline pipeline;
  ConnectionLimits limits;
  std::unique_ptr<TlsSlot> tls;
  std::uint16_t port = 0;
  std::vector<std::unique_ptr<Loop>> loops;
  std::vector<std::thread> threads;
};

Gateway::Gateway(std::unique_ptr<State> state) : state_(std::move(state)) {}
Gateway::~Gateway() {
  stop();
}

Result<std::unique_ptr<Gateway>> Gateway::create(Parts parts, const Clock& clock, Random& random) {
  raise_descriptor_limit();
  auto router = Router::build(std::move(parts.routes));
  if (!router) return router.error();
  if (auto bound = bind_operations(*router, parts.document); !bound) return bound.error();
  auto state = std::make_unique<State>(std::move(parts), clock, std::move(*router));
  GatewayOptions& options = state->parts.options;
  if (options.threads == 0) options.threads = std::max(1u, std::thread::hardware_concurrency());
  if (options.tls) {
    state->tls = std::make_unique<TlsSlot>();
    if (auto loaded = state->tls->load(*options.tls, clock.wall()); !loaded) return loaded.error();
  }
  auto listeners = options.inherited.empty() ? listen_on(options.address, options.port, options.threads)
                                             : take_over(options.inherited, options.threads);
  if (!listeners) return listeners.error();
  state->port = listeners->port;
  const Shared shared{options, clock, state->pipeline, state->limits, state->tls.get()};
  for (std::size_t i = 0; i < options.threads; ++i)
    state->loops.push_back(
        std::make_unique<Loop>(i, std::move(listeners->of_loops[i]), shared, state->parts.guards(i), random));
  return std::unique_ptr<Gateway>(new Gateway(std::move(state)));
}

void Gateway::start() {
  for (auto& loop : state_->loops) {
    state_->threads.emplace_back([&loop] { loop->run(); });
    pthread_setname_np(state_->threads.back().native_handle(), ("gateway-" + std::to_string(loop->index())).c_str());
  }
}

std::uint16_t Gateway::port() const {
  return state_->port;
}

bool Gateway::drain(std::chrono::milliseconds at_most) {
  if (state_->threads.empty()) return true;
  for (auto& loop : state_->loops) loop->drain();
  const auto deadline = state_->clock.steady() + at_most;
  // Each look goes through every loop's mailbox, so it sees what the drain itself has closed.
  for (;;) {
    std::mutex mutex;
    std::condition_variable seen;
    std::size_t waiting = state_->loops.size();
    for (auto& loop : state_->loops)
      loop->mailbox()->post([&] {
        const std::lock_guard lock(mutex);
        if (--waiting == 0) seen.notify_one();
      });
    std::unique_lock lock(mutex);
    seen.wait(lock, [&] { return waiting == 0; });
    if (connections() == 0) return true;
    if (state_->clock.steady() >= deadline) return false;
    std::condition_variable pause;
    pause.wait_for(lock, std::chrono::milliseconds(10));
  }
}

void Gateway::stop() {
  if (state_->threads.empty()) return;
  for (auto& loop : state_->loops) loop->stop();
  for (auto& thread : state_->threads) thread.join();
  state_->threads.clear();
}

Result<void> Gateway::reload_tls(const TlsFiles& files) {
  if (!state_->tls) return error("TLS is off; a certificate can only be replaced, not added, while running");
  return state_->tls->load(files, state_->clock.wall());
}

std::size_t Gateway::connections() const {
  return state_->limits.count();
}

bool Gateway::is_turning(std::chrono::nanoseconds limit) const {
  const auto now = state_->clock.steady();
  return std::all_of(state_->loops.begin(), state_->loops.end(),
                     [&](const auto& loop) { return loop->last_turn() + limit >= now; });
}

}  // namespace scalemart
