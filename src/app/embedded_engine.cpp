#include "app/embedded_engine.hpp"

#include <cstdlib>
#include <future>

#include "app/verification.hpp"
#include "flow/ask.hpp"
#include "telemetry/log.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kExpireAtOnce = 1024;
constexpr std::size_t kVerifyBytes = 4 << 20;

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

/// What the orders themselves add up to, against what the products say.
std::int64_t drift_of(const Ledger& ledger, const SaleCounts& counts) {
  std::int64_t drift = 0;
  std::int64_t sold = 0;
  for (std::uint32_t i = 0; i < ledger.product_count(); ++i) {
    const Stock& stock = ledger.product(ProductRef{i}).stock;
    drift += std::abs(stock.total - stock.available - stock.held - stock.sold);
    sold += stock.sold;
  }
  for (const auto& [currency, money] : counts.money()) sold -= static_cast<std::int64_t>(money.units);
  return drift + std::abs(sold);
}

}  // namespace

Result<std::unique_ptr<EmbeddedEngine>> EmbeddedEngine::open(Store store, const Config& config, const Clock& clock,
                                                             Metrics& metrics) {
  std::unique_ptr<EmbeddedEngine> engine(new EmbeddedEngine(std::move(store), clock));
  const SteadyTime begin = clock.steady();
  auto recovered = recover(*engine->store_.journal, engine->store_.snapshots.get());
  if (!recovered) return recovered.error();
  log_recovery(*recovered, seconds_since(clock, begin));
  engine->compose(config, metrics, std::move(*recovered));
  if (auto archive = engine->open_archive(); !archive) return archive.error();
  return engine;
}

void EmbeddedEngine::compose(const Config& config, Metrics& metrics, Recovered recovered) {
  Ledger& ledger = recovered.ledger;
  clock_ = std::make_unique<SaleClock>(time_, ledger.last_time());
  publication_ = std::make_unique<Publication>(catalogue_, *used_keys_, counts_, listener());
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
      std::move(ledger), *store_.journal, [this] { return clock_->now(); }, time_, std::move(options));
}

Result<void> EmbeddedEngine::open_archive() {
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

EmbeddedEngine::~EmbeddedEngine() {
  stop();
}

Result<std::vector<RawBatch>> EmbeddedEngine::read_batches(Sequence after, std::size_t max_bytes) {
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

bool EmbeddedEngine::look(const std::function<void(const Ledger&)>& look) {
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

void EmbeddedEngine::start() {
  sequencer_->start();
  archive_->start();
}

void EmbeddedEngine::stop() {
  if (sequencer_) sequencer_->stop();
  if (archive_) archive_->stop();
}

EngineLoad EmbeddedEngine::load() const {
  const TicketQueue::Depth depth = sequencer_->depth();
  return {depth.buys, depth.others, sequencer_->oldest_age(), sequencer_->sequence()};
}

std::vector<std::string> EmbeddedEngine::faults() const {
  std::vector<std::string> faults;
  if (!store_.journal->is_in_place())
    faults.emplace_back("read_only: journal.db was removed or replaced");
  else if (!has_room_for_buys())
    faults.emplace_back("read_only: the disk is full");
  if (time_.steady() - sequencer_->last_tick() > 5s) faults.emplace_back("the ledger does not turn");
  return faults;
}

void EmbeddedEngine::tell(std::vector<ProductRef> products) {
  // Who listens does so on the ledger's thread.
  static_cast<void>(sequencer_->read([told = listener(), products = std::move(products)](const Ledger&) {
    for (const ProductRef ref : products) told.product_changed(ref);
  }));
}

void EmbeddedEngine::pulse() {
  clock_->tick();
  expire_holds();
}

void EmbeddedEngine::expire_holds() {
  const auto next = sequencer_->next_expiry();
  if (!next || *next > clock_->now() || expiring_->exchange(true)) return;
  if (!ask(*sequencer_, ExpireDue{kExpireAtOnce}, [expiring = expiring_](const Answer&) { *expiring = false; }))
    *expiring_ = false;
}

void EmbeddedEngine::every_second() {
  look_for_drift();
  const bool in_place = store_.journal->is_in_place();
  if (in_place != std::exchange(in_place_, in_place) && !in_place)
    log::error("journal_removed", {{"reason",
                                    "journal.db or its -wal was removed or replaced; buys are refused. "
                                    "Do not stop this process: it alone has the records. Make a backup"}});
}

/// On the sequencer's thread and so at one moment.
void EmbeddedEngine::look_for_drift() {
  static_cast<void>(sequencer_->read([drift = drift_, &counts = counts_](const Ledger& ledger) {
    drift->store(drift_of(ledger, counts), std::memory_order_relaxed);
  }));
}

Done<VerifyReport> EmbeddedEngine::verify() {
  // First what the running ledger says at some place, then what the records up to there make of it.
  Sequence head = 0;
  std::vector<Stock> stocks;
  const bool seen = look([&](const Ledger& ledger) {
    head = ledger.sequence();
    for (std::uint32_t i = 0; i < ledger.product_count(); ++i) stocks.push_back(ledger.product(ProductRef{i}).stock);
  });
  if (!seen) return Refusal{Refusal::Kind::cannot_run, "overloaded", "too many requests at once, please try again"};
  Verification verification;
  while (verification.sequence() < head) {
    auto batches = read_batches(verification.sequence(), kVerifyBytes);
    if (!batches) return Refusal{Refusal::Kind::cannot_run, "", batches.error().message};
    std::erase_if(*batches, [head](const RawBatch& batch) { return batch.first > head; });
    if (batches->empty()) verification.add_problem("the journal ends before the running ledger does");
    if (batches->empty() || !verification.take(*batches)) break;
  }
  for (std::uint32_t i = 0; i < stocks.size() && verification.sequence() == head; ++i)
    if (!(verification.ledger().product(ProductRef{i}).stock == stocks[i]))
      verification.add_problem("product " + std::to_string(i) +
                               ": the running ledger's stock is not what the records make");
  return verification.report();
}

}  // namespace scalemart
