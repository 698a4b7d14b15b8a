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
#include "app/service_manager.hpp"
#include "app/shop.hpp"
#include "app/statistics.hpp"
#include "app/version.hpp"
#include "backend/embedded/history_store.hpp"
#include "telemetry/log.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

constexpr int kDone = 0;
constexpr int kCannotRun = 3;
constexpr std::chrono::nanoseconds kPulse = 100ms;
/// Orders under way, the last snapshot, the last lines of history.
constexpr std::chrono::nanoseconds kAfterDrain = 30s;

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
  Result<void> join_fleet();
  void run(const sigset_t& signals);

 private:
  void pulse();
  [[nodiscard]] bool is_moving(std::chrono::nanoseconds limit) const;
  void reload_tls();
  void drain(const sigset_t& signals);
  [[nodiscard]] std::vector<std::string> not_ready() const;

  const Config& config_;
  const ServeOptions& options_;
  SystemClock clock_;
  ServiceManager manager_{clock_};
  SecureRandom random_;
  Metrics metrics_;
  Shop shop_;
  std::unique_ptr<HistoryStore> history_;
  std::unique_ptr<HistoryRecorder> recorder_;
  std::unique_ptr<OrderDesk> desk_;
  std::unique_ptr<NoticeDesk> notices_;
  std::unique_ptr<Statistics> statistics_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<Fleet> fleet_;  ///< nullptr: this gateway is alone.
  std::unique_ptr<EngineOperations> operations_;
  std::unique_ptr<WorkerLinks> worker_links_;
  std::unique_ptr<ControlServer> control_;
  std::shared_ptr<void> readiness_;  ///< Keeps the gauge of /readyz set before each scrape.
  std::atomic<bool> draining_{false};
  std::uint64_t pulses_ = 0;
};

Result<void> Server::open() {
  auto sockets = inherited_sockets();
  if (!sockets) return sockets.error();
  auto shop = open_shop(config_, clock_, metrics_);
  if (!shop) return error(shop.error().message);
  shop_ = std::move(*shop);
  auto desk = shop_.open_desk([this](const FinishedStep& step) { recorder_->step_ended(step); });
  if (!desk) return desk.error();
  desk_ = std::move(*desk);
  statistics_ =
      std::make_unique<Statistics>(Statistics::Parts{*shop_.engine, metrics_, clock_, &desk_->fulfilment(),
                                                     [this] { return api_ ? api_->gateway().connections() : 0; }});
  if (auto opened = open_history(); !opened) return opened;
  auto notices = shop_.open_notices(desk_.get());
  if (!notices) return notices.error();
  notices_ = std::move(*notices);
  auto api = Api::open(config_, {*shop_.engine, *shop_.identity, *desk_, *statistics_, metrics_, clock_, random_,
                                 [this] { return not_ready(); }, *history_, notices_->webhooks(), std::move(*sockets)});
  if (!api) return api.error();
  api_ = std::move(*api);
  if (auto joined = join_fleet(); !joined) return joined;
  readiness_ = metrics_.before_collect([this] { metrics_.ready.at({}).set(not_ready().empty() ? 1 : 0); });
  operations_ = std::make_unique<EngineOperations>(
      shop_, api_->document(), clock_, notices_->webhooks(), [this] { return statistics_->render(); },
      EngineOperations::Fulfilment{&desk_->fulfilment(), history_.get(), true});
  shop_.engine->start();
  desk_->start();
  notices_->start();
  if (fleet_) fleet_->start();
  if (RemoteWorkers* workers = desk_->remote_workers())
    worker_links_ = std::make_unique<WorkerLinks>(*workers, shop_.identity->accounts());
  auto control = ControlServer::start(shop_.engine->folder().path(), *operations_, worker_links_.get());
  if (!control) return control.error();
  control_ = std::move(*control);
  if (options_.demo) {
    if (auto made = make_demo(*operations_, shop_.engine->clock().now()); !made) return made;
  }
  metrics_.build_info.at({version(), revision(), compiler()}).set(1);
  metrics_.tick(clock_.steady());  // what rates of the first seconds are counted from
  api_->gateway().start();
  return {};
}

Result<void> Server::join_fleet() {
  if (!shop_.join_fleet) return {};
  auto fleet = shop_.join_fleet(api_->limiter());
  if (!fleet) return fleet.error();
  fleet_ = std::move(*fleet);
  return {};
}

/// Before the desk starts: its steps are told to the recorder.
Result<void> Server::open_history() {
  const auto connections = [this]() -> std::size_t { return api_ ? api_->gateway().connections() : 0; };
  auto sources = history_sources({*shop_.engine, metrics_, clock_, desk_->fulfilment(), connections});
  HistoryStore::Options options;
  options.file = shop_.engine->folder().file("history.db");
  options.columns = columns_of(sources);
  options.has_room = [this] { return shop_.engine->has_room_for_buys(); };
  options.on_note = [](const std::string& line) { log::warn("sale_history", {{"note", line}}); };
  auto history = HistoryStore::open(std::move(options));
  if (!history) return history.error();
  history_ = std::move(*history);
  recorder_ = std::make_unique<HistoryRecorder>(
      HistoryRecorder::Parts{*history_, [this] { return shop_.engine->clock().now(); }, shop_.engine->catalogue(),
                             shop_.engine->counts(), [this] { api_->count_limits(); }},
      std::move(sources));
  history_->start();
  return {};
}

std::vector<std::string> Server::not_ready() const {
  std::vector<std::string> reasons;
  if (draining_) reasons.emplace_back("draining");
  for (std::string& fault : shop_.engine->faults()) reasons.push_back(std::move(fault));
  if (auto fault = shop_.identity->fault()) reasons.push_back(std::move(*fault));
  if (fleet_)
    for (std::string& fault : fleet_->faults()) reasons.push_back(std::move(fault));
  return reasons;
}

/// With all that must go round for a buy to be answered.
bool Server::is_moving(std::chrono::nanoseconds limit) const {
  return api_->gateway().is_turning(limit) && shop_.engine->last_tick() + limit >= clock_.steady();
}

void Server::pulse() {
  manager_.pulse([this](std::chrono::nanoseconds limit) { return is_moving(limit); });
  shop_.engine->pulse();
  recorder_->pulse();
  if (++pulses_ % 10 == 0) {
    metrics_.tick(clock_.steady());
    shop_.engine->every_second();
    statistics_->every_second();
    api_->every_second();
  }
  if (pulses_ % 600 == 0) {
    shop_.identity->sessions().sweep();
    const auto deviation = shop_.engine->clock().deviation();
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
  const std::string status = fmt::format("Selling on port {}", api_->gateway().port());
  manager_.ready(status);
  for (;;) {
    const timespec wait{0, kPulse.count()};
    const int signal = sigtimedwait(&signals, nullptr, &wait);
    if (signal == SIGTERM || signal == SIGINT) break;
    if (signal == SIGHUP) {
      manager_.reloading();
      reload_tls();
      manager_.ready(status);
    }
    pulse();
  }
  drain(signals);
}

void Server::drain(const sigset_t& signals) {
  log::info("draining", {{"delay_ms", config_.drain_delay.count()}});
  draining_ = true;
  manager_.stopping(config_.drain_delay + config_.drain_timeout + kAfterDrain);
  // From here on a second signal ends the process at once.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  const SteadyTime until = clock_.steady() + config_.drain_delay;
  while (clock_.steady() < until) {
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(kPulse, until - clock_.steady()));
    pulse();
  }
  control_.reset();
  const bool finished = api_->gateway().drain(config_.drain_timeout);
  if (fleet_) fleet_->stop();
  notices_->stop();
  desk_->stop(2s);
  recorder_->stop();
  history_->stop();
  worker_links_.reset();
  shop_.engine->stop();
  api_->gateway().stop();
  shop_.identity->stop();
  log::info("server_stopped", {{"every_request_finished", finished}, {"sequence", shop_.engine->load().sequence}});
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
