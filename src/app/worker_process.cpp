#include "app/worker_process.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <atomic>

#include "app/process_place.hpp"
#include "app/providers.hpp"
#include "app/service_manager.hpp"
#include "app/shared_queue.hpp"
#include "app/version.hpp"
#include "app/worker_listener.hpp"
#include "app/worker_source.hpp"
#include "fulfilment/worker_reporter.hpp"
#include "telemetry/log.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

constexpr int kDone = 0;
constexpr int kCannotRun = 3;
constexpr std::size_t kPaperThreads = 2;
constexpr std::chrono::nanoseconds kPulse = 100ms;
/// After this what is still under way is given back. An exit takes no longer than ten seconds.
constexpr std::chrono::nanoseconds kDrain = 7s;
constexpr std::chrono::nanoseconds kAfterDrain = 10s;

std::string name_of(const WorkerOptions& options) {
  return options.name.empty() ? process_name() : options.name;
}

WorkerSettings settings_of(const Config& config, const WorkerOptions& options) {
  WorkerSettings settings;
  settings.name = name_of(options);
  settings.concurrency = config.worker_concurrency;
  settings.pay_within = config.pay_within();
  // In a shared shop a heartbeat renews every lease in Redis.
  settings.heartbeat_every = config.is_shared() ? heartbeat_every(config, settings.heartbeat_every) : 500ms;
  return settings;
}

/// Purpose: the parts in the order in which they depend on each other; destroyed in the opposite one.
class WorkerProcess {
 public:
  WorkerProcess(const Config& config, const WorkerOptions& options) : config_(config), options_(options) {}

  Result<void> open();
  /// Until a signal; or why it cannot go on.
  [[nodiscard]] std::optional<std::string> run(const sigset_t& signals);
  void drain(const sigset_t& signals);
  void stop();

 private:
  [[nodiscard]] std::vector<std::string> not_ready() const;

  const Config& config_;
  const WorkerOptions& options_;
  SystemClock clock_;
  ServiceManager manager_{clock_};
  SecureRandom random_;
  FulfilmentLoop loop_{clock_};
  std::atomic<bool> draining_{false};
  std::unique_ptr<Providers> providers_;
  std::unique_ptr<WorkerSource> source_;
  std::unique_ptr<WorkerReporter> reporter_;
  std::unique_ptr<WorkerListener> listener_;  ///< nullptr: none is wanted.
  std::unique_ptr<IdlePool> pool_;
  std::unique_ptr<PaperDesk> papers_;
  std::unique_ptr<Worker> worker_;
};

Result<void> WorkerProcess::open() {
  auto providers = Providers::open(config_, config_.data, clock_);
  if (!providers) return providers.error();
  providers_ = std::move(*providers);
  auto source = open_worker_source({config_, options_, loop_, clock_, std::string(providers_->payments().name())});
  if (!source) return source.error();
  source_ = std::move(*source);
  WorkerSettings settings = settings_of(config_, options_);
  reporter_ = std::make_unique<WorkerReporter>(source_->office());
  auto listener = WorkerListener::open(config_, clock_, [this] { return not_ready(); });
  if (!listener) return listener.error();
  listener_ = std::move(*listener);
  pool_ = std::make_unique<IdlePool>(kPaperThreads, settings.papers_max);
  papers_ = std::make_unique<PaperDesk>(*pool_, providers_->invoices(), providers_->mailer(), source_->addresses(),
                                        providers_->papers(config_));
  worker_ = std::make_unique<Worker>(source_->queue(), loop_, providers_->payments(), *papers_, clock_, random_,
                                     std::move(settings),
                                     listener_ ? listener_->count(reporter_->hook()) : reporter_->hook());
  reporter_->watch(*worker_);
  source_->add_before(loop_);
  loop_.add(*worker_);
  loop_.add(*reporter_);
  source_->add_after(loop_);
  log::info("worker_started", {{"version", version()},
                               {"worker", worker_->view().id},
                               {"data", config_.data.string()},
                               {"concurrency", to_text(config_.worker_concurrency)}});
  providers_->start();
  loop_.start();
  source_->start();
  if (listener_) listener_->start();
  return {};
}

std::vector<std::string> WorkerProcess::not_ready() const {
  std::vector<std::string> reasons;
  if (draining_) reasons.emplace_back("draining");
  if (source_->is_away()) reasons.emplace_back("no orders can be had: what they come from does not answer");
  return reasons;
}

std::optional<std::string> WorkerProcess::run(const sigset_t& signals) {
  manager_.ready("Working as " + name_of(options_));
  for (;;) {
    manager_.pulse([this](std::chrono::nanoseconds limit) { return loop_.last_turn() + limit >= clock_.steady(); });
    const timespec wait{0, kPulse.count()};
    const int signal = sigtimedwait(&signals, nullptr, &wait);
    if (signal == SIGTERM || signal == SIGINT) return std::nullopt;
    if (auto fault = source_->fault()) return fault;
  }
}

void WorkerProcess::drain(const sigset_t& signals) {
  manager_.stopping(kDrain + kAfterDrain);
  log::info("draining", {{"patience_ms", std::chrono::duration_cast<std::chrono::milliseconds>(kDrain).count()}});
  draining_ = true;
  const SteadyTime until = clock_.steady() + kDrain;
  bool idle = false;
  std::uint32_t left = 0;
  while (clock_.steady() < until) {
    loop_.call([&] {
      worker_->drain();
      idle = worker_->idle();
      left = worker_->view().in_flight + worker_->view().papers_in_flight;
    });
    if (idle) break;
    const timespec wait{0, kPulse.count() / 5};
    const int second = sigtimedwait(&signals, nullptr, &wait);
    if (second == SIGTERM || second == SIGINT) break;
  }
  loop_.call([this] { worker_->abandon(); });
  log::info("worker_stopped", {{"given_back", idle ? 0U : left}});
}

void WorkerProcess::stop() {
  source_->stop();  // what was sent leaves
  loop_.stop();
  providers_->stop();
  pool_.reset();
  listener_.reset();  // steps were counted until now
}

}  // namespace

int run_worker(const Config& config, const WorkerOptions& options) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  log::start({config.log, 8192, {}});
  for (const std::string& warning : config.warnings) log::warn("configuration", {{"warning", warning}});
  std::optional<std::string> fault;
  {
    WorkerProcess process(config, options);
    if (const auto opened = process.open(); !opened) {
      fault = opened.error().message;
    } else {
      fault = process.run(signals);
      process.drain(signals);
      process.stop();
    }
  }
  log::stop();
  if (!fault) return kDone;
  fmt::print(stderr, "scalemart: worker: {}\n", *fault);
  return kCannotRun;
}

}  // namespace scalemart
