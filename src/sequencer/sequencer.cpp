#include "sequencer/sequencer.hpp"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <limits>

#include "base/check.hpp"

namespace scalemart {
namespace {

constexpr std::int64_t kNoExpiry = std::numeric_limits<std::int64_t>::max();

/// What the disk's reserve is not for: it adds to what has to be kept instead of settling it.
bool needs_room(const Command& command) {
  return std::holds_alternative<Reserve>(command) || std::holds_alternative<CreateProduct>(command) ||
         std::holds_alternative<ChangeProduct>(command) || std::holds_alternative<AdjustStock>(command);
}

/// Asks the scheduler (Linux 6.12 and later) for short turns: a thread that runs for 0.2 ms at a time may go
/// before threads that take 3 ms when it wakes up, and everyone waits for this one. No privilege needed;
/// older kernels refuse and nothing changes. Source: sched_setattr(2), sched_runtime of SCHED_OTHER.
void ask_for_short_turns() noexcept {
  struct {
    std::uint32_t size, policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime, deadline, period;
  } attributes{};
  attributes.size = sizeof attributes;
  attributes.flags = 0x08;  // SCHED_FLAG_KEEP_POLICY
  attributes.runtime = 200'000;
  ::syscall(SYS_sched_setattr, 0, &attributes, 0U);
}

void end_process(const std::string& line) {
  std::fprintf(stderr, "%s\n", line.c_str());
  ::_exit(3);
}

}  // namespace

Sequencer::Sequencer(Ledger ledger, Journal& journal, TimeSource time, const Clock& clock, Options options)
    : ledger_(std::move(ledger)),
      journal_(journal),
      time_(std::move(time)),
      clock_(clock),
      options_(std::move(options)),
      queue_(options_.limits),
      window_(options_.window),
      snapshotter_(options_.snapshots, clock),
      now_(ledger_.last_time()),
      records_since_snapshot_(options_.records_since_snapshot),
      next_expiry_ms_(kNoExpiry) {
  SCALEMART_CHECK(ledger_.sequence() == journal_.head().sequence);
  records_.reserve(options_.batch_records_max);
  publish_gauges();
}

Sequencer::~Sequencer() {
  stop();
}

void Sequencer::start() {
  last_tick_ns_.store(clock_.steady().time_since_epoch().count());  // ready from the first moment on
  SCALEMART_CHECK(!thread_.joinable());
  thread_ = std::thread([this] { run(); });
}

void Sequencer::stop() {
  queue_.close();
  if (thread_.joinable()) thread_.join();
}

bool Sequencer::submit(Ticket ticket) noexcept {
  return queue_.push(std::move(ticket));
}

void Sequencer::run() {
  ::prctl(PR_SET_NAME, "sequencer");
  // Windows are fractions of a millisecond: the default slack of 50 us would blur them.
  ::prctl(PR_SET_TIMERSLACK, 5'000UL);
  ask_for_short_turns();
  for (;;) {
    bool timed_out = false;
    if (taken_.size() == 0) {
      const bool any = queue_.wait(1, std::chrono::seconds(1)) > 0;
      last_take_ns_.store(clock_.steady().time_since_epoch().count(), std::memory_order_relaxed);
      if (any) timed_out = fill_window();
    }
    const bool closed = queue_.is_closed();  // Asked first: nothing comes in after it.
    queue_.take(taken_, reads_);
    run_reads();
    if (taken_.size() > 0)
      round(timed_out);
    else if (closed)
      break;
  }
  finish();
}

bool Sequencer::step() {
  queue_.take(taken_, reads_);
  const bool anything = !reads_.empty() || taken_.size() > 0;
  run_reads();
  if (taken_.size() > 0) round(false);
  return anything;
}

bool Sequencer::fill_window() {
  const std::size_t target = window_.target();
  if (target <= 1) return false;
  const SteadyTime until = clock_.steady() + window_.max();
  for (;;) {
    const auto left = until - clock_.steady();
    if (left <= std::chrono::nanoseconds::zero()) return true;
    if (queue_.wait(target, left) >= target || queue_.is_closed()) return false;
    // Woken by nothing: the wait's time was up, whatever a clock that a test holds still says.
    if (!queue_.take_reads(reads_)) return true;
    run_reads();
  }
}

void Sequencer::run_reads() {
  for (TicketQueue::Read& look : reads_) look(ledger_, journal_);
  reads_.clear();
  last_tick_ns_.store(clock_.steady().time_since_epoch().count(), std::memory_order_relaxed);
}

void Sequencer::round(bool timed_out) {
  decide_waiting();
  if (!records_.empty()) make_durable();
  answers_.hand_out();
  window_.ended(decided_, taken_.size() + queue_.release(taken_), timed_out);
  publish_gauges();
  if (!records_.empty()) {
    records_since_snapshot_ += records_.size();
    records_.clear();
    journal_.tidy();
    maybe_snapshot();
  }
}

bool Sequencer::round_is_full() const {
  return records_.size() >= options_.batch_records_max || decided_ >= options_.batch_commands_max;
}

void Sequencer::decide_waiting() {
  room_ = journal_.has_room_for_buys();
  may_use_reserve_ = true;
  decided_ = 0;
  now_ = std::max(now_, time_());
  const SteadyTime at = clock_.steady();
  last_take_ns_.store(at.time_since_epoch().count(), std::memory_order_relaxed);
  while (taken_.next_other < taken_.others.size() && !round_is_full()) decide(taken_.others[taken_.next_other++], at);
  while (taken_.next_buy < taken_.buys.size() && !round_is_full()) decide(taken_.buys[taken_.next_buy++], at);
}

void Sequencer::decide(Ticket& ticket, SteadyTime at) {
  ++decided_;
  Answer answer;
  answer.sequence = ledger_.sequence();
  if (ticket.deadline != SteadyTime{} && at > ticket.deadline) {
    answer.outcome = Outcome::overloaded;
  } else if (!room_ && needs_room(ticket.command)) {
    answer.outcome = Outcome::read_only;
  } else {
    const std::size_t before = records_.size();
    answer = ledger_.execute(ticket.command, now_, records_);
    if (records_.size() > before && needs_room(ticket.command)) may_use_reserve_ = false;
  }
  answers_.add(ticket.sink, ticket.token, answer);
}

void Sequencer::make_durable() {
  const SteadyTime begin = clock_.steady();
  Journal::Appended appended = journal_.append(records_, may_use_reserve_);
  // The ledger has decided it, so this one batch may use the reserve; the next round finds no room.
  if (appended == Journal::Appended::no_space && !may_use_reserve_) appended = journal_.append(records_, true);
  if (appended == Journal::Appended::no_space) {
    const std::string line = R"({"level":"critical","event":"disk_full","sequence":)" +
                             std::to_string(records_.front().sequence) +
                             R"(,"detail":"the journal cannot grow and its reserve is used up; )"
                             R"(free some space and start again. Nothing of the last batch was answered."})";
    if (options_.out_of_space) options_.out_of_space(line);
    end_process(line);
  }
  if (options_.commit_duration) options_.commit_duration->record(clock_.steady() - begin);
  if (options_.batch_size) options_.batch_size->record_items(records_.size());
  const Committed batch{records_, ledger_, now_};
  for (Observer* observer : options_.observers) observer->committed(batch);
}

void Sequencer::publish_gauges() {
  sequence_.store(ledger_.sequence(), std::memory_order_release);
  orders_.store(ledger_.order_count(), std::memory_order_relaxed);
  const auto next = ledger_.next_expiry();
  next_expiry_ms_.store(next ? next->ms : kNoExpiry, std::memory_order_relaxed);
}

void Sequencer::report(const SnapshotReport& report) const {
  if (options_.on_snapshot) options_.on_snapshot(report);
}

void Sequencer::maybe_snapshot() {
  if (!snapshotter_.is_enabled()) return;
  if (const auto done = snapshotter_.collect()) report(*done);
  if (records_since_snapshot_ <= std::max(options_.snapshot_records_min, ledger_.order_count() / 2)) return;
  if (!snapshotter_.is_idle()) return;
  snapshotter_.offer(ledger_.snapshot(), journal_.head().hash);
  records_since_snapshot_ = 0;
}

void Sequencer::finish() {
  if (!snapshotter_.is_enabled()) return;
  if (const auto done = snapshotter_.finish()) report(*done);
  if (records_since_snapshot_ > 0) report(snapshotter_.write_now(ledger_.snapshot(), journal_.head().hash));
}

bool Sequencer::find(OrderId id, std::function<void(std::optional<OrderView>)> done) {
  return read([id, done = std::move(done)](const Ledger& ledger) { done(ledger.find(id)); });
}

bool Sequencer::find_by_key(UserId buyer, KeyDigest key, std::function<void(std::optional<OrderView>)> done) {
  return read([buyer, key, done = std::move(done)](const Ledger& ledger) { done(ledger.find_by_key(buyer, key)); });
}

bool Sequencer::of_buyer(UserId buyer, OrderId before, std::size_t limit,
                         std::function<void(std::vector<OrderView>)> done) {
  return read([buyer, before, limit, done = std::move(done)](const Ledger& ledger) {
    done(ledger.of_buyer(buyer, before, limit));
  });
}

bool Sequencer::read(std::function<void(const Ledger&)> look) {
  return read_journal([look = std::move(look)](const Ledger& ledger, Journal&) { look(ledger); });
}

bool Sequencer::read_journal(TicketQueue::Read look) {
  return queue_.push(std::move(look));
}

std::chrono::nanoseconds Sequencer::oldest_age() const noexcept {
  const TicketQueue::Depth depth = queue_.depth();
  if (depth.buys + depth.others == 0) return {};
  return clock_.steady().time_since_epoch() - std::chrono::nanoseconds(last_take_ns_.load(std::memory_order_relaxed));
}

std::optional<WallTime> Sequencer::next_expiry() const noexcept {
  const std::int64_t ms = next_expiry_ms_.load(std::memory_order_relaxed);
  if (ms == kNoExpiry) return std::nullopt;
  return WallTime{ms};
}

SteadyTime Sequencer::last_tick() const noexcept {
  return SteadyTime(std::chrono::nanoseconds(last_tick_ns_.load(std::memory_order_relaxed)));
}

}  // namespace scalemart
