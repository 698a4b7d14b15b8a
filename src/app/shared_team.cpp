#include "app/shared_team.hpp"

#include <algorithm>
#include <future>
#include <utility>

#include "app/process_place.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kTellWithin = 1s;

std::size_t papers_max(const Config& config) {
  return std::max<std::size_t>(std::size_t{WorkerSettings().papers_max} * config.workers, 1);
}

}  // namespace

SharedTeam::SharedTeam(const Parts& parts)
    : clock_(parts.clock),
      process_(unique_process_name()),
      loop_(parts.clock),
      registry_(parts.redis.client(), parts.redis.keys().workers()),
      beats_(registry_, parts.clock, beats_settings(process_, true)),
      pool_(1, papers_max(parts.config)),
      papers_(pool_, parts.providers.invoices(), parts.providers.mailer(), parts.addresses,
              parts.providers.papers(parts.config)) {
  StreamQueueParts queue{parts.engine.ledger(), clock_,
                         [&engine = parts.engine](ProductRef product) { return engine.spec_of(product); },
                         [this] { loop_.wake(); }};
  queue_ = std::make_unique<StreamQueue>(open_order_streams(parts.redis), std::move(queue),
                                         stream_queue_settings(parts.config, process_));
  turn_ = std::make_unique<StreamQueueTurn>(*queue_);
  loop_.add(*turn_);
  for (std::uint32_t i = 1; i <= parts.config.workers; ++i)
    hire(parts, process_name() + "-worker-" + std::to_string(i));
}

void SharedTeam::hire(const Parts& parts, const std::string& name) {
  WorkerSettings settings;
  settings.name = name;
  settings.concurrency = parts.config.worker_concurrency;
  settings.heartbeat_every = heartbeat_every(parts.config, settings.heartbeat_every);
  WorkerReporter& reporter = *reporters_.emplace_back(std::make_unique<WorkerReporter>(beats_.add(name)));
  StepHook hook = [report = reporter.hook(), also = parts.on_step](const FinishedStep& step) {
    report(step);
    also(step);
  };
  Worker& worker = *workers_.emplace_back(std::make_unique<Worker>(
      *queue_, loop_, parts.providers.payments(), papers_, clock_, random_, std::move(settings), std::move(hook)));
  reporter.watch(worker);
  loop_.add(worker);
  loop_.add(reporter);
}

void SharedTeam::start() {
  started_ = true;
  queue_->start();
  loop_.start();
  beats_.start();
}

void SharedTeam::drain(std::chrono::nanoseconds patience) {
  const SteadyTime until = clock_.steady() + patience;
  std::promise<void> never;
  const std::future<void> pause = never.get_future();
  for (bool idle = false; !idle && clock_.steady() < until;) {
    loop_.call([&] {
      for (const auto& worker : workers_) worker->drain();
      idle = std::all_of(workers_.begin(), workers_.end(), [](const auto& worker) { return worker->idle(); });
    });
    if (!idle) pause.wait_for(10ms);
  }
  loop_.call([this] {
    for (const auto& worker : workers_) worker->abandon();
  });
}

void SharedTeam::stop(std::chrono::nanoseconds patience) {
  if (!std::exchange(started_, false)) return;
  drain(patience);
  end_stream_queue(*queue_, loop_, clock_, kTellWithin);
  loop_.stop();
  beats_.stop();
}

}  // namespace scalemart
