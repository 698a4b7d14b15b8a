#include "app/engine.hpp"

#include "telemetry/log.hpp"

namespace scalemart {
namespace {

double seconds_since(const Clock& clock, SteadyTime begin) {
  return std::chrono::duration<double>(clock.steady() - begin).count();
}

void log_recovery(const Recovered& recovered, double seconds) {
  for (const std::string& note : recovered.notes) log::warn("recovery_note", {{"note", note}});
  log::info("ledger_recovered", {{"orders", recovered.ledger.order_count()},
                                 {"sequence", recovered.ledger.sequence()},
                                 {"snapshot", recovered.snapshot},
                                 {"replayed", recovered.replayed},
                                 {"seconds", seconds}});
}

void log_snapshot(const SnapshotReport& report) {
  if (report.failure) return log::warn("snapshot_failed", {{"sequence", report.sequence}, {"reason", report.failure->message}});
  log::info("snapshot_written", {{"sequence", report.sequence},
                                 {"bytes", report.bytes},
                                 {"seconds", std::chrono::duration<double>(report.took).count()}});
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(const Config& config, const Clock& clock, Metrics& metrics) {
  std::unique_ptr<Engine> engine(new Engine());
  auto folder = DataFolder::open(config.data);
  if (!folder) return folder.error();
  engine->folder_ = std::move(*folder);
  engine->reserve_ = std::make_unique<DiskReserve>(
      engine->folder_->path(), DiskReserve::Options{config.disk_reserve, config.disk_reserve}, clock);
  auto journal = SqliteJournal::open({.file = engine->folder_->file("journal.db"), .reserve = engine->reserve_.get()}, clock);
  if (!journal) return journal.error();
  engine->journal_ = std::move(*journal);
  engine->snapshots_ = std::make_unique<SnapshotFiles>(engine->folder_->path());
  const SteadyTime begin = clock.steady();
  auto recovered = recover(*engine->journal_, engine->snapshots_.get());
  if (!recovered) return recovered.error();
  log_recovery(*recovered, seconds_since(clock, begin));
  engine->compose(config, clock, metrics, std::move(*recovered));
  return engine;
}

void Engine::compose(const Config& config, const Clock& clock, Metrics& metrics, Recovered recovered) {
  Ledger& ledger = recovered.ledger;
  sale_clock_ = std::make_unique<SaleClock>(clock, ledger.last_time());
  used_keys_ = std::make_unique<UsedKeys>();
  publication_ = std::make_unique<Publication>(
      catalogue_, *used_keys_, counts_,
      Publication::Listener{[this](ProductRef ref) { if (changed_.product_changed) changed_.product_changed(ref); },
                            [this](OrderId id) { if (changed_.order_changed) changed_.order_changed(id); }});
  publication_->load(ledger);
  ledger.for_each_unfinished([this](const UnfinishedOrder& order) { unfinished_.push_back(order); });
  parked_ = ledger.parked();
  on_committed([this](const Committed& batch) { publication_->publish(batch.records, batch.ledger); });

  Sequencer::Options options;
  options.limits.buys = config.queue_max;
  options.window.max = config.commit_window;
  options.batch_records_max = config.commit_batch_max;
  options.records_since_snapshot = recovered.replayed;
  options.snapshots = snapshots_.get();
  options.observers = {&observers_};
  options.batch_size = &metrics.batch_size;
  options.commit_duration = &metrics.commit_duration;
  options.on_snapshot = log_snapshot;
  sequencer_ = std::make_unique<Sequencer>(std::move(ledger), *journal_, [this] { return sale_clock_->now(); }, clock, std::move(options));
}

Engine::~Engine() { stop(); }

void Engine::on_changed(Publication::Listener listener) { changed_ = std::move(listener); }

void Engine::start() { sequencer_->start(); }

void Engine::stop() {
  if (sequencer_) sequencer_->stop();
}

}  // namespace scalemart
