#pragma once
// Orders of a record in memory, streams in a real Redis, and worker processes that can die.

#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "backend/redis/stream_queue.hpp"
#include "fulfilment/testing.hpp"
#include "fulfilment/worker.hpp"
#include "sequencer/ledger_record.hpp"
#include "tests/servers/redis_server.hpp"

namespace scalemart {

constexpr std::chrono::milliseconds kWithin{2000};

/// SaleLedger over a record; decides when deliver() is called.
class RecordLedger final : public SaleLedger {
 public:
  RecordLedger(SystemOfRecord& record, const Clock& clock) : record_(record), clock_(clock) {}
  bool submit(Ticket ticket) noexcept override {
    queue_.push_back(std::move(ticket));
    return true;
  }
  void deliver() {
    for (auto tickets = std::exchange(queue_, {}); Ticket & ticket : tickets) {
      const RecordedBatch batch = record_.commit({&ticket.command, 1}, clock_.wall(), kWithin);
      AnswerSink::Item item{ticket.token, batch.answers.at(0)};
      // Decided, but nobody hears of it.
      if (lose_every > 0 && ++answered_ % lose_every == 0) item.answer.outcome = Outcome::unknown;
      ticket.sink->answers({&item, 1});
    }
  }
  /// What a process that dies has asked and not heard.
  void forget() { queue_.clear(); }
  int lose_every = 0;

 private:
  SystemOfRecord& record_;
  const Clock& clock_;
  std::vector<Ticket> queue_;
  int answered_ = 0;
};

class WorkShop {
 public:
  static constexpr std::uint32_t kPartitions = 3;

  explicit WorkShop(std::string url) : url_(std::move(url)), intake(streams()) {
    for (int i = 0; i < 4; ++i) {
      auto spec = std::make_shared<ProductSpec>();
      spec->id = "p" + std::to_string(i);
      spec->details.name = spec->id;
      spec->terms.price = 100;
      decide(CreateProduct{spec, 1'000'000});
    }
    bank.latency = std::chrono::milliseconds(5);
  }

  [[nodiscard]] OrderStreams streams() {
    OrderStreamsSettings settings;
    settings.partitions = kPartitions;
    return {std::move(*redis::Client::make(*redis::Address::parse(url_), clock)), settings};
  }
  Outcome decide(const Command& command) {
    return record.commit({&command, 1}, clock.wall(), kWithin).answers.at(0).outcome;
  }
  /// Sold, and offered to the workers unless `offered` is false.
  OrderId sell(bool offered = true) {
    const std::uint64_t n = ++sold_;
    const Reserve buy{{1, n}, {2, n}, ProductRef{static_cast<std::uint32_t>(n % 4)}, 1, 600'000, {}};
    EXPECT_EQ(decide(buy), Outcome::done);
    EXPECT_TRUE(!offered || intake.offer(std::vector{open(buy.order)}, kWithin)) << intake.why_away();
    return buy.order;
  }
  [[nodiscard]] OpenOrder open(OrderId id) {
    for (const SweptOrder& swept : unfinished())
      if (swept.order.id == id) return swept.order;
    ADD_FAILURE() << "not open";
    return {};
  }
  [[nodiscard]] std::vector<SweptOrder> unfinished() {
    auto sweep = record.unfinished({}, 100'000, kWithin);
    EXPECT_TRUE(sweep && sweep->finished);
    return sweep->orders;
  }
  /// What a sweep does: offers whatever the record calls unfinished.
  bool sweep() {
    std::vector<OpenOrder> orders;
    for (const SweptOrder& swept : unfinished()) {
      if (swept.parked) continue;
      orders.push_back(swept.order);
      orders.back().unresolved = swept.order.begun;
    }
    return intake.offer(orders, kWithin);
  }
  [[nodiscard]] OrderStatus status(OrderId id) { return record.find(std::vector{id}, kWithin)->at(0)->status; }
  [[nodiscard]] std::shared_ptr<const ProductSpec> product(ProductRef ref) {
    return record.products(kWithin)->at(index_of(ref)).spec;
  }

  std::string url_;
  SystemClock clock;
  LedgerRecord record;
  testing::ScriptedBank bank{clock};
  testing::PaperTrail papers;
  OrderStreams intake;

 private:
  std::uint64_t sold_ = 0;
};

/// One process with one worker.
class WorkerProcess {
 public:
  WorkerProcess(WorkShop& shop, const std::string& name, std::chrono::milliseconds lease_ttl)
      : shop_(shop),
        ledger(shop.record, shop.clock),
        loop(shop.clock, std::chrono::nanoseconds(0)),
        queue(shop.streams(),
              {ledger, shop.clock, [&shop](ProductRef ref) { return shop.product(ref); }, [this] { loop.wake(); }},
              settings(name, lease_ttl)),
        desk_(shop.papers, shop.papers, shop.papers, shop.papers),
        worker(queue, loop, shop.bank, desk_, shop.clock, random_, worker_settings()) {
    loop.add(worker);
  }
  void round() {
    if (dead) return;
    queue.step();
    ledger.deliver();
    queue.turn();
    loop.turn();
  }
  /// kill -9: nobody hears of it. What it asked of the bank is answered to nobody.
  void kill() {
    dead = true;
    ledger.forget();
    shop_.bank.forget_callers();
  }
  static StreamQueueSettings settings(const std::string& name, std::chrono::milliseconds lease_ttl) {
    StreamQueueSettings s;
    s.process = name;
    s.lease_ttl = lease_ttl;
    s.batch_max = 20;
    s.poll_min = std::chrono::milliseconds(0);
    s.poll_max = std::chrono::milliseconds(5);
    return s;
  }
  static WorkerSettings worker_settings() {
    WorkerSettings s;
    s.heartbeat_every = std::chrono::milliseconds(50);
    s.payment_deadline = std::chrono::milliseconds(300);
    s.grace = std::chrono::milliseconds(100);
    s.retry.base = s.retry.floor = std::chrono::milliseconds(10);
    s.retry.cap = std::chrono::milliseconds(50);
    s.retry.attempts_max = 5;
    return s;
  }

 private:
  WorkShop& shop_;
  SeededRandom random_{7};

 public:
  RecordLedger ledger;
  FulfilmentLoop loop;
  StreamQueue queue;

 private:
  PaperDesk desk_;

 public:
  Worker worker;
  bool dead = false;
};

/// Rounds of all processes and the bank until `done`, for twenty seconds at most.
template <class Done>
bool run_until(WorkShop& shop, std::vector<std::unique_ptr<WorkerProcess>>& processes, Done done) {
  const SteadyTime until = shop.clock.steady() + std::chrono::seconds(20);
  while (!done()) {
    if (shop.clock.steady() > until) return false;
    for (auto& process : processes) process->round();
    shop.bank.turn(shop.clock.steady());
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
  return true;
}

}  // namespace scalemart
