#pragma once
// For tests: a server with workers at the far end of links that are queues of bytes, all in simulated time.

#include <memory>
#include <string>
#include <vector>

#include "fulfilment/remote/remote_queue.hpp"
#include "fulfilment/remote/remote_workers.hpp"
#include "fulfilment/testing.hpp"
#include "fulfilment/worker_reporter.hpp"

namespace scalemart::testing {

/// One direction of a connection.
class BytePipe final : public FrameLink {
 public:
  void send(Bytes frame) override {
    if (!closed) bytes.insert(bytes.end(), frame.begin(), frame.end());
  }
  void close() override { closed = true; }
  /// Hands over what has arrived, byte by byte for the frames' sake in pieces of `piece`.
  template <class OnMessage>
  void carry(OnMessage on_message, std::size_t piece = 1000) {
    const Bytes arrived = std::exchange(bytes, {});
    for (std::size_t at = 0; at < arrived.size(); at += piece) {
      reader.put(std::span(arrived).subspan(at, std::min(piece, arrived.size() - at)));
      for (auto content = reader.next(); !content.empty(); content = reader.next()) {
        auto message = frame::decode(content);
        SCALEMART_CHECK(message.has_value());
        on_message(std::move(*message), content.size());
      }
      SCALEMART_CHECK(!reader.failed());
    }
  }
  Bytes bytes;
  FrameReader reader;
  bool closed = false;
};

/// What dies with the server.
struct FarServer {
  FarServer(TinyLedger& l, const Clock& c, DispatcherSettings settings = {})
      : ledger(l), loop(c, std::chrono::nanoseconds(0)), dispatcher(l, loop, c, settings) {
    RemoteWorkersSettings remote;
    remote.lease_ttl = settings.lease_ttl;
    remote.payment = "scripted";
    remote.names = {"worker-1"};
    hub = std::make_unique<RemoteWorkers>(
        dispatcher, loop, c, [this](const FinishedStep&) { ++steps; }, remote);
    ledger.restore(dispatcher);
    loop.add(dispatcher);
    loop.add(*hub);
  }
  SteadyTime round() {
    ledger.deliver(&dispatcher);
    return loop.turn();
  }
  TinyLedger& ledger;
  FulfilmentLoop loop;
  Dispatcher dispatcher;
  std::unique_ptr<RemoteWorkers> hub;
  int steps = 0;
};

/// What dies with a worker's process.
struct FarWorker {
  FarWorker(ScriptedBank& bank, PaperTrail& p, ManualClock& c, WorkerSettings settings, std::uint64_t seed)
      : loop(c, std::chrono::nanoseconds(0)),
        random(seed),
        desk(p, p, p, p),
        queue(loop, c, {"", "host", 42, "1", "scripted"}),
        reporter(queue),
        worker(queue, loop, bank, desk, c, random, std::move(settings), reporter.hook()) {
    reporter.watch(worker);
    loop.add(queue);
    loop.add(worker);
    loop.add(reporter);
    loop.add(queue.sender());
  }
  void connect(FarServer& to) {
    up = std::make_shared<BytePipe>();
    down = std::make_shared<BytePipe>();
    server = &to;
    link = to.hub->opened(down);
    queue.connected(up);
  }
  /// The connection ends; the server hears of it when it is still there.
  void cut(bool server_lives = true) {
    if (server == nullptr) return;
    if (server_lives) server->hub->closed(link, "the connection ended");
    server = nullptr;
    queue.disconnected();
  }
  void carry(std::size_t piece = 1000) {
    if (server == nullptr) return;
    up->carry(
        [&](frame::Message m, std::size_t size) { SCALEMART_CHECK(server->hub->received(link, std::move(m), size)); },
        piece);
    down->carry([&](frame::Message m, std::size_t) { queue.received(std::move(m)); }, piece);
    if ((down->closed && down->bytes.empty()) || up->closed) cut();
  }

  FulfilmentLoop loop;
  SeededRandom random;
  PaperDesk desk;
  RemoteQueue queue;
  WorkerReporter reporter;
  Worker worker;
  FarServer* server = nullptr;
  RemoteWorkers::LinkId link = 0;
  std::shared_ptr<BytePipe> up, down;
};

/// A server and workers of their own processes; the ledger, the bank and the papers outlive all of them.
struct FarPlant {
  FarPlant(TinyLedger& l, ScriptedBank& b, PaperTrail& p, ManualClock& c) : ledger(l), bank(b), papers(p), clock(c) {
    start_server();
  }
  void start_server() {
    server = std::make_unique<FarServer>(ledger, clock, DispatcherSettings{.traces = &ledger.traces});
    for (auto& worker : workers) worker->connect(*server);
  }
  /// kill -9: what was with the ledger and not decided is gone.
  void kill_server() {
    for (auto& worker : workers) worker->cut(false);
    server.reset();
  }
  FarWorker& start_worker(WorkerSettings settings = quick()) {
    const std::uint64_t seed = ++started;
    settings.name = "far-" + std::to_string(seed);
    workers.push_back(std::make_unique<FarWorker>(bank, papers, clock, std::move(settings), seed));
    workers.back()->connect(*server);
    return *workers.back();
  }
  /// kill -9 of the process: nobody waits for the bank's answers any more. They are kept, as dead letters are, until
  /// the test ends, for the bank calls them.
  void kill_worker(std::size_t index) {
    workers[index]->cut();
    buried.push_back(std::move(workers[index]));
    workers.erase(workers.begin() + static_cast<std::ptrdiff_t>(index));
  }
  static WorkerSettings quick() {
    WorkerSettings settings;
    settings.heartbeat_every = std::chrono::milliseconds(500);
    return settings;
  }

  SteadyTime round() {
    SteadyTime next = bank.turn(clock.steady());
    for (auto& worker : workers) {
      if (worker.get() != frozen) next = std::min(next, worker->loop.turn());
      worker->carry(piece);
    }
    if (server) next = std::min(next, server->round());
    for (auto& worker : workers) worker->carry(piece);
    return next;
  }
  [[nodiscard]] bool has_work() const {
    return std::any_of(workers.begin(), workers.end(),
                       [this](const auto& w) { return w.get() != frozen && w->loop.has_work(); }) ||
           (server && server->loop.has_work());
  }
  template <class Until>
  bool run(std::chrono::nanoseconds most, Until until) {
    const SteadyTime end = clock.steady() + most;
    while (!until()) {
      const SteadyTime next = round();
      if (has_work() || (server && ledger.deliver(&server->dispatcher) > 0)) continue;
      if (until()) return true;
      if (clock.steady() >= end) return false;
      const SteadyTime to = std::min(std::max(next, clock.steady() + std::chrono::milliseconds(1)), end);
      clock.advance(to - clock.steady());
    }
    return true;
  }
  void pass(std::chrono::nanoseconds time) {
    static_cast<void>(run(time, [] { return false; }));
  }
  bool finish(std::chrono::nanoseconds most) {
    return run(most, [this] {
      return ledger.all_finished() &&
             std::all_of(workers.begin(), workers.end(), [](const auto& w) { return w->worker.idle(); });
    });
  }

  TinyLedger& ledger;
  ScriptedBank& bank;
  PaperTrail& papers;
  ManualClock& clock;
  std::unique_ptr<FarServer> server;
  std::vector<std::unique_ptr<FarWorker>> workers, buried;
  FarWorker* frozen = nullptr;
  std::uint64_t started = 0;
  std::size_t piece = 1000;
};

}  // namespace scalemart::testing
