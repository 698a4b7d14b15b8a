#include "app/engine.hpp"

#include <future>

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
  if (report.failure)
    return log::warn("snapshot_failed", {{"sequence", report.sequence}, {"reason", report.failure->message}});
  log::info("snapshot_written", {{"sequence", report.sequence},
                                 {"bytes", report.bytes},
                                 {"seconds", std::chrono::duration<double>(report.took).count()}});
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(Store store, const Config& config, const Clock& clock, Metrics& metrics) {
  std::unique_ptr<Engine> engine(new Engine(std::move(store)));
  const SteadyTime begin = clock.steady();
  auto recovered = recover(*engine->store_.journal, engine->store_.snapshots.get());
  if (!recovered) return recovered.error();
  log_recovery(*recovered, seconds_since(clock, begin));
  engine->compose(config, clock, metrics, std::move(*recovered));
  if (auto archive = engine->open_archive(); !archive) return archive.error();
  return engine;
}

void Engine::compose(const Config& config, const Clock& clock, Metrics& metrics, Recovered recovered) {
  Ledger& ledger = recovered.ledger;
  sale_clock_ = std::make_unique<SaleClock>(clock, ledger.last_time());
  used_keys_ = std::make_unique<UsedKeys>();
  publication_ = std::make_unique<Publication>(catalogue_, *used_keys_, counts_,
                                               Publication::Listener{[this](ProductRef ref) {
                                                                       if (changed_.product_changed)
                                                                         changed_.product_changed(ref);
                                                                     },
                                                                     [this](const OrderNotice& notice) {
                                                                       if (changed_.order_changed)
                                                                         changed_.order_changed(notice);
                                                                     }});
  publication_->load(ledger);
  ledger.for_each_unfinished([this](const UnfinishedOrder& order) { unfinished_.push_back(order); });
  parked_ = ledger.parked();
  on_committed([this](const Committed& batch) { publication_->publish(batch.records, batch.ledger); });

  Sequencer::Options options;
  options.limits.buys = config.queue_max;
  options.window.max = config.commit_window;
  options.batch_records_max = config.commit_batch_max;
  options.records_since_snapshot = recovered.replayed;
  options.snapshots = store_.snapshots.get();
  options.observers = {&observers_};
  options.batch_size = &metrics.batch_size;
  options.commit_duration = &metrics.commit_duration;
  options.on_snapshot = log_snapshot;
  sequencer_ = std::make_unique<Sequencer>(
      std::move(ledger), *store_.journal, [this] { return sale_clock_->now(); }, clock, std::move(options));
}

Result<void> Engine::open_archive() {
  QueryStore::Options options;
  options.file = store_.folder->file("query.db");
  options.has_room = [this] { return has_room_for_buys(); };
  options.on_note = [](const std::string& line) { log::warn("order_archive", {{"note", line}}); };
  options.read_records = [this](Sequence after, std::size_t max, std::vector<Record>& records,
                                const std::function<void()>& done) {
    return sequencer_->read_journal([after, max, &records, done](const Ledger&, Journal& journal) {
      const auto read = journal.read(after, max, [&records](const Record& record) { records.push_back(record); });
      if (!read) log::error("journal_unreadable", {{"reason", read.error().message}});
      done();
    });
  };
  auto archive = QueryStore::open(std::move(options), sequencer_->sequence());
  if (!archive) return archive.error();
  archive_ = std::move(*archive);
  on_committed([this](const Committed& batch) { archive_->offer(batch.records); });
  return {};
}

Engine::~Engine() {
  stop();
}

void Engine::on_changed(Publication::Listener listener) {
  changed_ = std::move(listener);
}

Result<std::vector<RawBatch>> Engine::read_batches(Sequence after, std::size_t max_bytes) {
  // The promise outlives a caller that gave up; nobody does, but the sequencer may be stopping.
  auto result = std::make_shared<std::promise<Result<std::vector<RawBatch>>>>();
  auto future = result->get_future();
  SqliteJournal& journal = *store_.journal;
  if (!sequencer_->read_journal([result, &journal, after, max_bytes](const Ledger&, Journal&) {
        result->set_value(journal.read_raw(after, max_bytes));
      }))
    return error("the ledger takes no reads at the moment");
  return future.get();
}

bool Engine::look(const std::function<void(const Ledger&)>& look) {
  auto seen = std::make_shared<std::promise<void>>();
  auto future = seen->get_future();
  if (!sequencer_->read([seen, &look](const Ledger& ledger) {
        look(ledger);
        seen->set_value();
      }))
    return false;
  future.wait();
  return true;
}

void Engine::start() {
  sequencer_->start();
  archive_->start();
}

void Engine::stop() {
  if (sequencer_) sequencer_->stop();
  if (archive_) archive_->stop();
}

}  // namespace scalemart
