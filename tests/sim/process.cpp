#include "tests/sim/process.hpp"

#include <cstdlib>
#include <utility>

#include "flow/resume.hpp"
#include "ledger/snapshot_codec.hpp"

namespace scalemart::sim {
namespace {

constexpr std::uint32_t kExpireAtOnce = 1024;

}  // namespace

Process::Process(const Parts& parts, Recovered recovered)
    : parts_(parts),
      sale_clock_(parts.clock, recovered.ledger.last_time()),
      started_at_(parts.clock.steady()),
      started_sale_time_(sale_clock_.now()),
      used_keys_(parts.settings.used_keys_bits),
      publication_(catalogue_, used_keys_, counts_, {}),
      tap_(parts.referee, parts.tally, parts.clock, sale_clock_, parts.journal),
      observer_(*this),
      sequencer_(
          load(std::move(recovered)), parts.journal, [this] { return tap_.begin_round(); }, parts.clock, options()),
      service_({tap_,
                parts.bank,
                parts.papers,
                parts.papers,
                parts.papers,
                parts.clock,
                parts.dice.random(),
                {},
                &parts.papers},
               parts.settings.fulfilment),
      purchase_(catalogue_, used_keys_, sale_clock_, tap_, parts.dice.random(), {parts.settings.hold_ms}) {
  tap_.connect(sequencer_);
  resume_orders(service_.dispatcher(), catalogue_.current()->all(), unfinished_, parked_);
}

Ledger Process::load(Recovered recovered) {
  publication_.load(recovered.ledger);
  recovered.ledger.for_each_unfinished([this](const UnfinishedOrder& order) { unfinished_.push_back(order); });
  parked_ = recovered.ledger.parked();
  return std::move(recovered.ledger);
}

Sequencer::Options Process::options() {
  Sequencer::Options options;
  options.limits = parts_.settings.limits;
  options.batch_records_max = parts_.settings.batch_records_max;
  options.batch_commands_max = parts_.settings.batch_commands_max;
  options.observers = {&observer_};
  options.out_of_space = [this](const std::string&) {
    parts_.tally.add(Happened::crash_for_want_of_space);
    throw MemoryJournal::Died{};
  };
  return options;
}

void Process::Observer::committed(const Committed& batch) noexcept {
  process.publication_.publish(batch.records, batch.ledger);
  process.service_.dispatcher().observe(batch.records);
  process.parts_.referee.committed(batch.records);
  process.seen_ = &batch.ledger;
}

bool Process::step() {
  const bool did = sequencer_.step();
  if (!did) return false;
  if (seen_ != nullptr) parts_.referee.after_round(*seen_, catalogue_);
  if (sequencer_.next_expiry() != parts_.referee.model().next_expiry())
    parts_.referee.fail("the next hold does not end when it should");
  return true;
}

/// The sale's clock never leaves monotonic time by more than a tenth, whatever the
/// wall's does.
void Process::check_pace() {
  const auto passed =
      std::chrono::duration_cast<std::chrono::milliseconds>(parts_.clock.steady() - started_at_).count();
  const std::int64_t sold = sale_clock_.now().ms - started_sale_time_.ms;
  if (std::abs(sold - passed) > passed / 10 + 2)
    parts_.referee.fail("the sale's clock went " + std::to_string(sold) + " ms in " + std::to_string(passed));
}

void Process::look_at_clock() {
  const WallTime now = sale_clock_.now();
  if (now < seen_sale_time_) parts_.referee.fail("the sale's clock ran backwards");
  seen_sale_time_ = now;
}

void Process::pulse() {
  look_at_clock();
  sale_clock_.tick();
  look_at_clock();
  check_pace();
  const auto next = sequencer_.next_expiry();
  if (!next || *next > sale_clock_.now() || std::exchange(expiring_, true)) return;
  if (!callbacks_.ask(tap_, ExpireDue{kExpireAtOnce}, [this](const Answer&) { expiring_ = false; })) expiring_ = false;
}

void Process::ask_for_snapshot() {
  static_cast<void>(sequencer_.read_journal([this](const Ledger& ledger, Journal& journal) {
    // Between two rounds the ledger may be asked by its owner's thread, which is this one.
    taken_ = TakenSnapshot{const_cast<Ledger&>(ledger).snapshot(), journal.head()};
  }));
}

void Process::write_snapshot() {
  const auto written = parts_.snapshots.write(taken_->at, [this](const SnapshotStore::Sink& sink) {
    return ::scalemart::write_snapshot(taken_->snapshot, sink);
  });
  parts_.tally.add(written ? Happened::snapshot_written : Happened::snapshot_failed);
  taken_.reset();
}

void Process::stop() {
  service_.drain(std::chrono::nanoseconds(0));
  while (step()) {
  }
  ask_for_snapshot();
  step();
  if (taken_) write_snapshot();
}

}  // namespace scalemart::sim
