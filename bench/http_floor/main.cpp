// The floor under every route: the gateway with one route that answers a fixed 200.
// Usage: http_floor [port] [threads]; compare with nginx `return 200` under the same load generator.

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "gateway/server.hpp"

int main(int argc, char** argv) {
  using namespace scalemart;
  Gateway::Parts parts;
  parts.options.port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 18090);
  parts.options.threads = argc > 2 ? static_cast<std::size_t>(std::atoi(argv[2])) : 0;
  Route route;
  route.method = Method::post;
  route.path = "/api/flash-buy";
  route.operation_id = "floor";
  route.access = Access::open;
  route.body = Body::own;
  route.handler = [](Exchange& x) {
    ResponseView answer;
    answer.body = R"({"status":"success","data":{"order_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","status":"pending"}})";
    x.respond(answer);
  };
  parts.routes.push_back(std::move(route));
  parts.guards = [](std::size_t) { return std::make_unique<NoGuards>(); };
  SystemClock clock;
  SecureRandom random;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  auto gateway = Gateway::create(std::move(parts), clock, random);
  if (!gateway) {
    std::fprintf(stderr, "%s\n", gateway.error().message.c_str());
    return 3;
  }
  (*gateway)->start();
  std::printf("listening on %u\n", (*gateway)->port());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  (*gateway)->drain(std::chrono::seconds(5));
  return 0;
}
