#include "app/server.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <atomic>
#include <cstdio>
#include <thread>
#include <utility>

#include "app/api.hpp"
#include "app/control_server.hpp"
#include "app/demo.hpp"
#include "app/engine_operations.hpp"
#include "app/history_recorder.hpp"
#include "app/order_desk.hpp"
#include "app/statistics.hpp"
#include "app/version.hpp"
#include "backend/embedded/history_store.hpp"
#include "flow/ask.hpp"
#include "telemetry/log.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

constexpr int kDone = 0;
constexpr int kCannotRun = 3;
constexpr std::uint32_t kExpireAtOnce = 1024;
constexpr std::chrono::nanoseconds kPulse = 100ms;

/// The signals a server lives by, blocked in every thread and taken by the main one.
sigset_t server_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  return set;
}

/// Purpose: the parts in the order in which they depend on each other; destroyed in the opposite one.
class Server {
 public:
  Server(const Config& config, const ServeOptions& options) : config_(config), options_(options) {}

  Result<void> open();
  Result<void> open_history();
  void run(const sigset_t& signals);

 private:
  void pulse();
  void expire_holds();
  void reload_tls();
  void drain(const sigset_t& signals);
  [[nodiscard]] std::vector<std::string> not_ready() const;

  const Config& config_;
  const ServeOptions& options_;
  SystemClock clock_;
  SecureRandom random_;
  Metrics metrics_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Identity> identity_;
  std::unique_ptr<HistoryStore> history_;
  std::unique_ptr<HistoryRecorder> recorder_;
  std::unique_ptr<OrderDesk> desk_;
  std::unique_ptr<Statistics> statistics_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<EngineOperations> operations_;
  std::unique_ptr<WorkerLinks> worker_links_;
  std::unique_ptr<ControlServer> control_;
  std::shared_ptr<std::atomic<bool>> expiring_ = std::make_shared<std::atomic<bool>>(false);
  std::atomic<bool> draining_{false};
  std::uint64_t pulses_ = 0;
  bool in_place_ = true;  ///< The journal, when last looked at.
};

Result<void> Server::open() {
  auto store = Store::open(config_, clock_);
  if (!store) return store.error();
  auto engine = Engine::open(std::move(*store), config_, clock_, metrics_);
  if (!engine) return engine.error();
  engine_ = std::move(*engine);
  auto identity = Identity::open(engine_->folder(), config_, clock_);
  if (!identity) return identity.error();
  identity_ = std::move(*identity);
  auto desk = OrderDesk::open(config_, *engine_, identity_->accounts(), clock_, metrics_,
                              [this](const FinishedStep& step) { recorder_->step_ended(step); });
  if (!desk) return desk.error();
  desk_ = std::move(*desk);
  statistics_ = std::make_unique<Statistics>(Statistics::Parts{
      *engine_, metrics_, clock_, &desk_->service(), [this] { return api_ ? api_->gateway().connections() : 0; }});
  if (auto opened = open_history(); !opened) return opened;
  auto api = Api::open(config_, {*engine_, *identity_, *desk_, *statistics_, metrics_, clock_, random_,
                                 [this] { return not_ready(); }, *history_});
  if (!api) return api.error();
  api_ = std::move(*api);
  operations_ = std::make_unique<EngineOperations>(*engine_, *identity_, api_->document(), clock_,
                                                   [this] { return statistics_->render(); });
  engine_->start();
  desk_->start();
  worker_links_ = std::make_unique<WorkerLinks>(desk_->service().remote_workers(), identity_->accounts());
  auto control = ControlServer::start(engine_->folder().path(), *operations_, worker_links_.get());
  if (!control) return control.error();
  control_ = std::move(*control);
  if (options_.demo) {
    if (auto made = make_demo(*operations_, engine_->clock().now()); !made) return made;
  }
  metrics_.tick(clock_.steady());  // what rates of the first seconds are counted from
  api_->gateway().start();
  return {};
}

/// Before the desk starts: its steps are told to the recorder.
Result<void> Server::open_history() {
  const auto connections = [this]() -> std::size_t { return api_ ? api_->gateway().connections() : 0; };
  auto sources = history_sources(
      {*engine_, metrics_, clock_, desk_->service(), connections, [this] { return statistics_->drift(); }});
  HistoryStore::Options options;
  options.file = engine_->folder().file("history.db");
  options.columns = columns_of(sources);
  options.has_room = [this] { return engine_->has_room_for_buys(); };
  options.on_note = [](const std::string& line) { log::warn("sale_history", {{"note", line}}); };
  auto history = HistoryStore::open(std::move(options));
  if (!history) return history.error();
  history_ = std::move(*history);
  recorder_ = std::make_unique<HistoryRecorder>(
      HistoryRecorder::Parts{*history_, [this] { return engine_->clock().now(); }, engine_->catalogue(),
                             engine_->counts(), [this] { api_->count_limits(); }},
      std::move(sources));
  history_->start();
  return {};
}

std::vector<std::string> Server::not_ready() const {
  std::vector<std::string> reasons;
  if (draining_) reasons.emplace_back("draining");
  if (!engine_->is_journal_in_place())
    reasons.emplace_back("read_only: journal.db was removed or replaced");
  else if (!engine_->has_room_for_buys())
    reasons.emplace_back("read_only: the disk is full");
  if (clock_.steady() - engine_->sequencer().last_tick() > 5s) reasons.emplace_back("the ledger does not turn");
  return reasons;
}

void Server::expire_holds() {
  const auto next = engine_->sequencer().next_expiry();
  if (!next || *next > engine_->clock().now() || expiring_->exchange(true)) return;
  const auto expiring = expiring_;
  if (!ask(engine_->sequencer(), ExpireDue{kExpireAtOnce}, [expiring](const Answer&) { *expiring = false; }))
    *expiring_ = false;
}

void Server::pulse() {
  engine_->clock().tick();
  expire_holds();
  recorder_->pulse();
  if (++pulses_ % 10 == 0) {
    metrics_.tick(clock_.steady());
    statistics_->every_second();
    api_->every_second();
    if (const bool in_place = engine_->is_journal_in_place();
        in_place != std::exchange(in_place_, in_place) && !in_place)
      log::error("journal_removed", {{"reason",
                                      "journal.db or its -wal was removed or replaced; buys are refused. "
                                      "Do not stop this process: it alone has the records. Make a backup"}});
  }
  if (pulses_ % 600 == 0) {
    identity_->sessions().sweep();
    const auto deviation = engine_->clock().deviation();
    if (std::chrono::abs(deviation) > 5s) log::warn("wall_clock_stepped", {{"deviation_ms", deviation.count()}});
  }
}

void Server::reload_tls() {
  if (config_.tls_cert.empty()) return log::info("reload_ignored", {{"reason", "no TLS files are configured"}});
  const auto done = api_->gateway().reload_tls({config_.tls_cert.string(), config_.tls_key.string()});
  if (done) return log::info("tls_reloaded");
  log::error("tls_reload_failed", {{"reason", done.error().message}});
}

void Server::run(const sigset_t& signals) {
  log::info("server_started", {{"version", version()},
                               {"listen", config_.listen.text()},
                               {"port", api_->gateway().port()},
                               {"data", config_.data.string()}});
  for (;;) {
    const timespec wait{0, kPulse.count()};
    const int signal = sigtimedwait(&signals, nullptr, &wait);
    if (signal == SIGTERM || signal == SIGINT) break;
    if (signal == SIGHUP) reload_tls();
    pulse();
  }
  drain(signals);
}

void Server::drain(const sigset_t& signals) {
  log::info("draining", {{"delay_ms", config_.drain_delay.count()}});
  draining_ = true;
  // From here on a second signal ends the process at once.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  const SteadyTime until = clock_.steady() + config_.drain_delay;
  while (clock_.steady() < until) {
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(kPulse, until - clock_.steady()));
    pulse();
  }
  control_.reset();
  const bool finished = api_->gateway().drain(config_.drain_timeout);
  desk_->stop(2s);
  recorder_->stop();
  history_->stop();
  worker_links_.reset();
  engine_->stop();
  api_->gateway().stop();
  identity_->stop();
  log::info("server_stopped", {{"every_request_finished", finished}, {"sequence", engine_->sequencer().sequence()}});
}

}  // namespace

int run_server(const Config& config, const ServeOptions& options) {
  const sigset_t signals = server_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  log::start({config.log, 8192, {}});
  for (const std::string& warning : config.warnings) log::warn("configuration", {{"warning", warning}});
  if (config.workers == 0)
    log::warn("configuration", {{"warning", "SCALEMART_WORKERS is 0: orders wait until a `scalemart worker` joins"}});
  {
    Server server(config, options);
    if (const auto opened = server.open(); !opened) {
      log::stop();
      fmt::print(stderr, "scalemart: {}\n", opened.error().message);
      return kCannotRun;
    }
    server.run(signals);
  }
  log::stop();
  return kDone;
}

}  // namespace scalemart
