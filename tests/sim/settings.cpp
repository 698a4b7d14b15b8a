#include "tests/sim/settings.hpp"

namespace scalemart::sim {
namespace {

using namespace std::chrono_literals;

double share(Dice& dice) {
  return dice.coin() ? 0 : dice.pick({0.01, 0.05, 0.3});
}

void draw_people(Dice& dice, Settings& s) {
  s.products = static_cast<std::uint32_t>(1 + dice.below(6));
  s.stock_max = dice.pick<std::int64_t>({1, 8, 60, 2000});
  s.buyers = dice.pick<std::uint64_t>({2, 12, 150, 5000});
  s.skew = dice.pick({1.0, 2.0, 5.0});
  s.hold_ms = dice.pick<std::uint32_t>({1, 300, 5000, 60'000, 600'000, 600'000, 600'000});
  for (bool* feature : {&s.windows, &s.caps, &s.cancel, &s.duplicates, &s.key_reuse, &s.keyless, &s.reads, &s.direct,
                        &s.deadlines, &s.restock, &s.pause, &s.terms, &s.removal, &s.refunds, &s.steering})
    *feature = dice.coin();
  s.lost_requests = share(dice);
  s.lost_answers = share(dice);
}

void draw_faults(Dice& dice, Settings& s) {
  for (bool* feature : {&s.crashes, &s.storage_errors, &s.calls_that_kill, &s.disk_full, &s.wall_steps, &s.stalls,
                        &s.ghosts, &s.snapshots, &s.snapshot_damage})
    *feature = dice.coin();
  s.fault_every = dice.pick<std::uint64_t>({60, 200, 700});
}

void draw_sizes(Dice& dice, Settings& s) {
  s.limits.buys = dice.pick<std::size_t>({1, 8, 200, 16'384, 16'384});
  s.limits.others = dice.pick<std::size_t>({2, 10, 16'384});
  s.limits.reads = dice.pick<std::size_t>({1, 64});
  s.batch_records_max = dice.pick<std::size_t>({1, 1, 3, 40, 4096});
  s.batch_commands_max = dice.pick<std::size_t>({1, 9, 16'384});
  s.used_keys_bits = dice.pick<std::size_t>({256, 1 << 14});
  s.buying = dice.pick({2U, 10U, 40U});
  s.deciding = dice.pick({1U, 4U, 12U});
  s.fulfilling = dice.pick({1U, 4U, 12U});
  s.passing = dice.pick({2U, 8U});
  s.administering = dice.pick({1U, 3U});
  s.tick_ms = dice.pick<std::int64_t>({2, 20, 150, 1500});
}

void draw_fulfilment(Dice& dice, Settings& s) {
  FulfilmentSettings& f = s.fulfilment;
  f.workers = dice.pick({1U, 1U, 3U});
  f.worker.concurrency = dice.pick({1U, 5U, 1000U});
  f.worker.papers_max = dice.pick({1U, 4U, 256U});
  f.worker.lease_batch = dice.pick({1U, 7U, 2048U});
  f.worker.payment_deadline = dice.pick<std::chrono::nanoseconds>({100ms, 2s, 30s});
  f.worker.paper_deadline = dice.pick<std::chrono::nanoseconds>({200ms, 10s});
  f.worker.grace = dice.pick<std::chrono::nanoseconds>({10ms, 1s});
  f.dispatcher.lease_ttl = dice.pick<std::chrono::nanoseconds>({300ms, 5s, 30s});
  f.worker.heartbeat_every = f.dispatcher.lease_ttl / 6;
  f.worker.retry.base = dice.pick<std::chrono::nanoseconds>({20ms, 1s});
  f.worker.retry.cap = dice.pick<std::chrono::nanoseconds>({100ms, 20s});
  f.worker.retry.attempts_max = dice.pick<std::uint16_t>({1, 2, 5, 12});
  f.worker.breaker.calls_min = dice.pick({3U, 20U});
  f.worker.breaker.window = dice.pick<std::chrono::nanoseconds>({1s, 10s});
  f.papers.attach_invoice = dice.coin();

  s.bank.latency = dice.pick({1ms, 30ms, 800ms});
  for (double* p : {&s.bank.decline, &s.bank.reject, &s.bank.long_reference, &s.bank.lose_request, &s.bank.lose_answer,
                    &s.bank.silent, &s.bank.unavailable, &s.bank.undecided, &s.bank.late})
    *p = share(dice);
  s.bank.outages = dice.coin();
  s.papers.latency = dice.pick({1ms, 100ms});
  for (double* p : {&s.papers.invoice_fails, &s.papers.mail_fails, &s.papers.mail_rejected, &s.papers.silent,
                    &s.papers.no_address, &s.papers.pool_full})
    *p = share(dice);
}

}  // namespace

Settings draw_settings(std::uint64_t seed, std::uint64_t operations) {
  Dice dice(seed * 0x9e3779b97f4a7c15ULL + 1);
  Settings s;
  s.seed = seed;
  s.operations = operations;
  draw_people(dice, s);
  draw_faults(dice, s);
  draw_sizes(dice, s);
  draw_fulfilment(dice, s);
  return s;
}

Settings calm_settings(std::uint64_t operations) {
  Settings s;
  s.seed = 20'00;
  s.operations = operations;
  s.products = 3;
  s.stock_max = 60;
  s.buyers = 40;
  s.hold_ms = 2000;
  for (bool* feature : {&s.caps, &s.cancel, &s.duplicates, &s.key_reuse, &s.keyless, &s.restock, &s.pause, &s.terms,
                        &s.refunds, &s.snapshots})
    *feature = true;
  s.fault_every = 100;  // snapshots only
  s.batch_records_max = 2;
  s.fulfilment.worker.concurrency = 5;
  s.fulfilment.worker.retry.attempts_max = 2;
  s.bank.decline = 0.1;
  s.bank.reject = 0.05;
  s.bank.lose_answer = 0.1;
  s.papers.mail_rejected = 0.05;
  return s;
}

}  // namespace scalemart::sim
