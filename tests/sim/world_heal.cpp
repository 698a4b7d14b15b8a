// The second half of a run: nothing fails any more, and everything must come to its end.
#include <algorithm>

#include "tests/sim/world.hpp"

namespace scalemart::sim {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kTurnsMost = 60'000;  ///< A healed shop that is not at rest by then never will be.

}  // namespace

bool World::settled() const {
  const auto& orders = referee_.model().orders();
  const bool all = std::all_of(orders.begin(), orders.end(), [](const ReferenceModel::Order& order) {
    if (order.parked) return true;
    return order.status == OrderStatus::confirmed ? order.invoice && order.mail : !is_open(order.status);
  });
  const bool under_way = bank_.next() != SteadyTime::max() || papers_.next() != SteadyTime::max();
  if (!all || under_way || !process_->ledger().quiet() || buyers_.waiting()) return false;
  const QueueView view = process_->service().dispatcher().view();
  return std::all_of(view.stages.begin(), view.stages.end(), [](const StageView& stage) { return stage.depth() == 0; });
}

void World::heal() {
  fuse_.put_out();
  bank_.heal();
  papers_.heal();
  journal_->set_room(true);
  // A fault that was still to come must not come: the next process finds another disk. Otherwise the same process goes
  // on, for a restart would forgive what it has forgotten.
  if (has_script_ || dice_.below(4) == 0) {
    try {
      process_->stop();
      throw MemoryJournal::Died{};
    } catch (const MemoryJournal::Died&) {
      died();
    }
    if (referee_.failed()) return;
    journal_->set_room(true);
  }
  admins_.resume_everything(*process_);
  settle();
  if (!referee_.failed()) sell_out();
  if (!referee_.failed()) settle();
  if (!referee_.failed()) referee_.check_settled();
  const QueueView view = process_->service().dispatcher().view();
  for (const StageView& stage : view.stages)
    if (stage.depth() != 0)
      referee_.fail("the queue is not empty: " + std::string(to_text(stage.step)) + " has " +
                    std::to_string(stage.depth()));
  const auto letters = std::count_if(referee_.model().orders().begin(), referee_.model().orders().end(),
                                     [](const auto& o) { return o.parked.has_value(); });
  if (view.dead_letters != static_cast<std::uint64_t>(letters))
    referee_.fail("the queue shows " + std::to_string(view.dead_letters) + " dead letters, there are " +
                  std::to_string(letters));
}

/// A few turns of everybody, then on to whatever is due next. False: nothing is left to do.
bool World::heal_a_little() {
  ++tally_.events;
  bank_.turn();
  for (int i = 0; i < 200 && buyers_.settle_one(*process_); ++i) process_->step();
  process_->pulse();
  bool busy = false;
  for (int i = 0; i < 3; ++i) {
    while (process_->step()) busy = true;
    process_->turn();
    papers_.turn(50);
  }
  if (busy || process_->service().loop().has_work()) return true;
  if (buyers_.settle_one(*process_)) return true;
  if (settled()) return false;
  const SteadyTime now = clock_.steady();
  SteadyTime next = std::min({process_->turn(), bank_.next(), papers_.next(), now + 20s});
  if (const auto expiry = process_->sequencer().next_expiry())
    next = std::min(
        next, now + std::chrono::milliseconds(std::max<std::int64_t>(1, expiry->ms - process_->sale_clock().now().ms)));
  advance(std::max(next - now, std::chrono::nanoseconds(1ms)));
  bank_.turn();
  return true;
}

void World::settle() {
  for (std::uint64_t turns = 1; !referee_.failed(); ++turns) {
    const bool more = heal_a_little();
    const bool looked = !more || turns % 5 == 0;
    const bool found = looked && admins_.settle(*process_);
    if (!more && !found && !process_->service().loop().has_work()) return;
    if (turns < kTurnsMost) continue;
    referee_.check_settled();
    referee_.fail("it never came to rest");
  }
}

/// No unit is stuck: what is available can be bought to the last one, and then no more.
void World::sell_out() {
  for (std::uint32_t product = 0; product < shelf_.slugs.size(); ++product) {
    if (referee_.model().removed(product)) continue;
    if (referee_.model().paused(product) || dice_.coin()) continue;
    const std::int64_t available = referee_.model().stock(product).available;
    if (available > 70) continue;
    for (std::int64_t unit = 0; unit <= available && !referee_.failed(); ++unit) {
      const std::uint64_t token = buyers_.buy_one(*process_, product);
      for (int i = 0; i < 10 && !buyers_.outcome_of(token); ++i) process_->step();
      const auto outcome = buyers_.outcome_of(token);
      if (!outcome) return referee_.fail("a buyer was never answered");
      if (*outcome == Outcome::sale_ended || *outcome == Outcome::sale_not_started) break;
      const Outcome expected = unit < available ? Outcome::done : Outcome::out_of_stock;
      if (*outcome != expected)
        return referee_.fail("unit " + std::to_string(unit) + " of " + std::to_string(available) + ": " +
                             std::string(to_text(*outcome)));
    }
  }
}

}  // namespace scalemart::sim
