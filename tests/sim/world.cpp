#include "tests/sim/world.hpp"

#include <algorithm>
#include <utility>

namespace scalemart::sim {

using namespace std::chrono_literals;
using Died = MemoryJournal::Died;
using Fault = MemoryJournal::Fault;

namespace {

enum Actor : std::size_t { kBuyer, kSequencer, kFulfilment, kAdmin, kTime, kPapers };

}  // namespace

World::World(const Settings& settings, PlannedFault planned)
    : settings_(settings),
      planned_(planned),
      dice_(settings.seed),
      bank_(clock_, dice_, fuse_, tally_, settings_.bank),
      papers_(clock_, dice_, fuse_, tally_, settings_.papers),
      snapshots_(fuse_),
      journal_(std::make_unique<MemoryJournal>()),
      referee_(tally_, bank_, papers_),
      buyers_(settings_, shelf_, clock_, dice_, referee_, tally_),
      admins_(settings_, shelf_, clock_, dice_, bank_, referee_, tally_) {
  bank_.on_capture = [this](OrderId order) { referee_.captured(order); };
  bank_.on_void = [this](OrderId order) { referee_.voided(order); };
  bank_.on_misuse = [this](OrderId order, const std::string& what) {
    referee_.fail("order " + to_string(order) + ": " + what);
  };
  papers_.on_misuse = bank_.on_misuse;
  weights_[kBuyer] = settings_.buying;
  weights_[kSequencer] = settings_.deciding;
  weights_[kFulfilment] = settings_.fulfilling;
  weights_[kAdmin] = settings_.administering;
  weights_[kTime] = settings_.passing;
  weights_[kPapers] = settings_.fulfilling;
  if (planned_.append > 0) {
    has_script_ = true;
    journal_->script(planned_.fault, planned_.append - 1);
    journal_->set_reserve(planned_.reserve);
  }
}

Process::Parts World::parts() {
  return {settings_, clock_, *journal_, snapshots_, bank_, papers_, referee_, tally_, dice_};
}

// --- life and death

void World::die(Happened how) {
  tally_.add(how);
  throw Died{};
}

/// Everything in memory is gone; what the disk and the bank have is still there.
void World::died() {
  if (fuse_.went_off()) tally_.add(Happened::crash_in_a_call);
  fuse_.reset();
  outstanding_ = process_->ledger().outstanding();
  for (const WorkerView& worker : process_->service().view()->workers)
    if (worker.lost > 0) tally_.add(Happened::lease_lost);
  process_.reset();
  bank_.shop_died();
  papers_.shop_died();
  buyers_.shop_died();
  journal_ = journal_->crash(dice_.random());
  has_script_ = false;
  advance(std::chrono::milliseconds(dice_.between(0, 3000)));
  if (settings_.wall_steps && dice_.chance(0.1))
    clock_.step_wall(std::chrono::milliseconds(dice_.between(-100'000, 100'000)));
  // An operator who finds the disk full makes room, sooner or later.
  if (!journal_->has_room_for_buys() && dice_.coin()) toggle_disk(false);
  start();
}

void World::start() {
  if (settings_.crashes && lives_ > 0 && dice_.chance(0.2)) fuse_.light(1 + dice_.below(3));
  ++lives_;
  for (;;) {
    try {
      auto recovered = recover(*journal_, &snapshots_);
      fuse_.reset();
      if (!recovered) return referee_.fail(recovered.error().message);
      if (recovered->snapshot > 0) tally_.add(Happened::snapshot_used);
      if (!recovered->notes.empty()) tally_.add(Happened::snapshot_passed_over);
      referee_.recovered(recovered->ledger, *journal_, std::exchange(outstanding_, {}));
      process_ = std::make_unique<Process>(parts(), std::move(*recovered));
      pulse_at_ = clock_.steady();
      shelf_.slugs.clear();
      for (const Offer& offer : process_->catalogue().current()->all()) shelf_.slugs.push_back(offer.spec->id);
      return;
    } catch (const Died&) {
      fuse_.reset();
      tally_.add(Happened::crash_while_recovering);
    }
  }
}

void World::open_shop() {
  start();
  while (shelf_.slugs.size() < settings_.products && !referee_.failed()) {
    try {
      admins_.create_product(*process_);
      while (process_->step()) {
      }
      if (!journal_->has_room_for_buys()) toggle_disk(false);
    } catch (const Died&) {
      died();
    }
  }
}

// --- turns

void World::turn() {
  ++tally_.events;
  try {
    one_turn();
  } catch (const Died&) {
    died();
  }
}

void World::one_turn() {
  if (dice_.below(settings_.fault_every) == 0) break_something();
  if (planned_.append > 0 && !journal_->has_room_for_buys() && dice_.below(100) == 0) toggle_disk(false);
  std::uint32_t sum = 0;
  for (const std::uint32_t weight : weights_) sum += weight;
  auto at = static_cast<std::uint32_t>(dice_.below(sum));
  std::size_t actor = 0;
  while (at >= weights_[actor]) at -= weights_[actor++];
  switch (actor) {
    case kBuyer:
      return buyers_.act(*process_);
    case kSequencer:
      process_->step();
      return;
    case kFulfilment:
      process_->turn();
      return;
    case kAdmin:
      return admins_.act(*process_);
    case kPapers:
      return papers_.turn(dice_.below(4));
    default:
      return pass_time();
  }
}

void World::advance(std::chrono::nanoseconds by) {
  clock_.advance(by);
}

void World::pass_time() {
  std::int64_t ms = dice_.between(0, settings_.tick_ms);
  if (dice_.chance(0.02)) ms *= 20;
  advance(std::chrono::milliseconds(ms) + std::chrono::microseconds(dice_.below(1000)));
  bank_.turn();
  if (clock_.steady() >= pulse_at_) {
    process_->pulse();
    pulse_at_ = clock_.steady() + 100ms;
  }
  if (settings_.ghosts && dice_.chance(0.2)) admins_.report_stale(*process_);
  if (process_->has_snapshot_to_write() && dice_.chance(0.1)) process_->write_snapshot();
}

// --- faults

void World::break_something() {
  if (dice_.below(3) == 0) return kill_something();
  trouble_something();
}

void World::kill_something() {
  switch (dice_.below(5)) {
    case 0:
      if (settings_.crashes) die(Happened::crash_between);
      return;
    case 1:
    case 2:
      if (settings_.storage_errors) {
        const bool after = dice_.coin();
        has_script_ = true;
        journal_->script(after ? Fault::fatal_after_durable : Fault::fatal_before_durable, dice_.below(3));
        tally_.add(after ? Happened::crash_after_durable : Happened::crash_before_durable);
      }
      return;
    case 3:
      if (settings_.calls_that_kill) fuse_.light(1 + dice_.below(6));
      return;
    default:
      if (settings_.crashes) {
        process_->stop();
        die(Happened::tidy_stop);
      }
  }
}

void World::toggle_disk(bool full) {
  if (full) {
    tally_.add(Happened::disk_full);
    journal_->set_reserve(dice_.pick<std::uint64_t>({0, 2, 20, 1000}));
    if (dice_.coin())
      journal_->set_room(false);
    else
      has_script_ = true, journal_->script(Fault::no_space);  // noticed by a batch that was decided already
  } else {
    tally_.add(Happened::disk_has_room_again);
    journal_->set_room(true);
  }
}

void World::trouble_something() {
  switch (dice_.below(6)) {
    case 0:
      if (settings_.disk_full) toggle_disk(journal_->has_room_for_buys());
      return;
    case 1:
      if (!settings_.wall_steps) return;
      tally_.add(Happened::wall_stepped);
      return clock_.step_wall(
          std::chrono::milliseconds(dice_.pick<std::int64_t>({-86'400'000, -3'600'000, -400, 300, 7000, 3'600'000})));
    case 2:
      if (!settings_.stalls) return;
      tally_.add(Happened::loop_stalled);
      return advance(settings_.fulfilment.dispatcher.lease_ttl + std::chrono::milliseconds(dice_.below(100)));
    case 3:
      if (settings_.bank.outages) bank_.set_outage(outage_ = !outage_ && dice_.coin());
      return;
    default:
      if (!settings_.snapshots) return;
      if (settings_.snapshot_damage && dice_.chance(0.3)) {
        if (snapshots_.damage_newest(dice_)) tally_.add(Happened::snapshot_damaged);
      } else {
        if (dice_.chance(0.1)) snapshots_.fail_next(dice_.below(5));
        if (!process_->has_snapshot_to_write()) process_->ask_for_snapshot();
      }
  }
}

// --- the end

Result World::run() {
  open_shop();
  // A world in which nothing is answered any more (all sold out before the ledger is asked, say) ends all the
  // same.
  const std::uint64_t most_events = settings_.operations * 40;
  while (tally_.operations < settings_.operations && tally_.events < most_events && !referee_.failed()) turn();
  const std::uint64_t appends = referee_.batches();
  const std::uint64_t deaths = lives_ - 1;
  if (!referee_.failed()) heal();
  if (!referee_.failed()) referee_.check_history(*journal_);
  tally_.runs = 1;
  return {referee_.violation(), digest(), appends, deaths, tally_};
}

std::uint64_t World::digest() const {
  std::uint64_t h = 0xcbf29ce484222325ULL;
  const auto mix = [&h](std::uint64_t value) { h = (h ^ value) * 0x100000001b3ULL; };
  for (const std::byte b : journal_->head().hash) mix(static_cast<std::uint64_t>(b));
  mix(tally_.events);
  mix(tally_.operations);
  for (const std::uint64_t count : tally_.happened) mix(count);
  mix(static_cast<std::uint64_t>(clock_.steady().time_since_epoch().count()));
  return h;
}

Result run_seed(std::uint64_t seed, std::uint64_t operations) {
  return World(draw_settings(seed, operations)).run();
}

}  // namespace scalemart::sim
