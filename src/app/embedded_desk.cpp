#include "app/embedded_desk.hpp"

#include <algorithm>

#include "app/process_place.hpp"
#include "app/step_metrics.hpp"
#include "flow/resume.hpp"

namespace scalemart {
Result<std::unique_ptr<EmbeddedDesk>> EmbeddedDesk::open(const Config& config, EmbeddedEngine& engine,
                                                         AccountStore& accounts, const Clock& clock, Metrics& metrics,
                                                         StepHook on_step) {
  auto providers = Providers::open(config, engine.folder().path(), clock);
  if (!providers) return providers.error();
  std::unique_ptr<EmbeddedDesk> desk(new EmbeddedDesk(config, accounts));
  desk->providers_ = std::move(*providers);
  FulfilmentSettings settings;
  settings.workers = config.workers;
  settings.place = process_place();
  settings.dispatcher.lease_ttl = config.worker_lease;
  settings.dispatcher.traces = engine.traces();
  settings.dispatcher.pay_within = config.pay_within();
  settings.worker.pay_within = config.pay_within();
  settings.worker.concurrency = config.worker_concurrency;
  settings.worker.heartbeat_every =
      std::min<std::chrono::nanoseconds>(settings.worker.heartbeat_every, config.worker_lease / 4);
  settings.papers = desk->providers_->papers(config);
  desk->service_ = std::make_unique<FulfilmentService>(
      FulfilmentParts{engine.sequencer(), desk->payments(), desk->invoices(), desk->providers_->mailer(),
                      desk->addresses_, clock, desk->random_, count_steps(metrics, std::move(on_step))},
      settings);
  desk->restore(engine);
  Dispatcher& dispatcher = desk->service_->dispatcher();
  engine.on_committed([&dispatcher](const Committed& batch) { dispatcher.observe(batch.records); });
  return desk;
}

void EmbeddedDesk::restore(EmbeddedEngine& engine) {
  resume_orders(service_->dispatcher(), engine.catalogue().current()->all(), engine.take_unfinished(),
                engine.take_parked());
}

void EmbeddedDesk::start() {
  providers_->start();
  service_->start();
}

void EmbeddedDesk::stop(std::chrono::nanoseconds patience) {
  service_->drain(patience);
  service_->stop();
  providers_->stop();
}

EmbeddedDesk::~EmbeddedDesk() {
  if (service_) stop(std::chrono::nanoseconds(0));
}

}  // namespace scalemart
