#include "fulfilment/service.hpp"

#include <gtest/gtest.h>

#include <future>

#include "fulfilment/testing.hpp"

namespace scalemart::testing {
namespace {

using namespace std::chrono_literals;

struct ServiceTest : ::testing::Test {
  ServiceTest() { ledger.restore(service.dispatcher()); }
  void round() {
    ledger.deliver(&service.dispatcher());
    service.loop().turn();
    bank.turn(clock.steady());
  }
  void pass(std::chrono::nanoseconds time) {
    for (auto end = clock.steady() + time; clock.steady() < end; clock.advance(100ms))
      for (int i = 0; i < 4; ++i) round();
  }
  FulfilmentService::Done hear() {
    return [this](Outcome outcome) { heard.push_back(outcome); };
  }
  static FulfilmentSettings settings() {
    FulfilmentSettings s;
    s.workers = 2;
    s.worker.papers_max = 0;
    s.worker.retry.attempts_max = 2;
    return s;
  }
  ManualClock clock;
  TinyLedger ledger{clock};
  ScriptedBank bank{clock};
  PaperTrail papers;
  SeededRandom random{1};
  FulfilmentService service{{ledger, bank, papers, papers, papers, clock, random}, settings()};
  std::vector<Outcome> heard;
};

TEST_F(ServiceTest, UnitsOfADiscardedOrderComeBackOnlyWhenItsMoneyIsSafe) {
  bank.script = [](OrderId, int) { return ScriptedBank::Line{ScriptedBank::Truth::charge, PaymentOutcome::unknown}; };
  bank.lookups_fail = true;
  const OrderId id = ledger.reserve();
  pass(30s);
  ASSERT_EQ(service.view()->queue.dead_letters, 1u);
  ASSERT_EQ(bank.accounts.at(id).taken, 1);

  bank.cancel_fails = true;
  service.discard_dead(id, hear());
  pass(1s);
  EXPECT_EQ(heard, std::vector{Outcome::overloaded});
  EXPECT_TRUE(ledger.orders.at(id).parked);

  bank.cancel_fails = false;
  service.discard_dead(id, hear());
  pass(1s);
  EXPECT_EQ(heard.back(), Outcome::done);
  EXPECT_EQ(ledger.orders.at(id).status, OrderStatus::failed);
  EXPECT_EQ(bank.accounts.at(id).taken, 0);
  service.discard_dead(id, hear());
  service.retry_dead(id, hear());
  pass(1s);
  EXPECT_EQ(heard.back(), Outcome::order_not_found);
  EXPECT_EQ(service.view()->queue.dead_letters, 0u);
}

TEST_F(ServiceTest, AnOrderWhoseMoneyIsBeingGivenBackIsNotTriedAgain) {
  bank.script = [](OrderId, int) { return ScriptedBank::Line{ScriptedBank::Truth::nothing, PaymentOutcome::rejected}; };
  const OrderId id = ledger.reserve();
  pass(5s);
  ASSERT_EQ(service.view()->queue.dead_letters, 1u);

  bank.hold_cancels = true;
  service.discard_dead(id, hear());
  service.retry_dead(id, hear());
  pass(1s);
  EXPECT_EQ(heard, std::vector{Outcome::invalid_state});
  ASSERT_EQ(bank.held_cancels.size(), 1u);
  bank.held_cancels[0]({PaymentOutcome::unknown, {}, "no answer"});
  service.retry_dead(id, hear());
  pass(1s);
  EXPECT_EQ(heard, (std::vector{Outcome::invalid_state, Outcome::overloaded, Outcome::invalid_state}))
      << "the cancellation may still arrive";

  bank.hold_cancels = false;
  service.discard_dead(id, hear());
  pass(1s);
  EXPECT_EQ(heard.back(), Outcome::done);
  EXPECT_EQ(ledger.orders.at(id).status, OrderStatus::failed);
}

TEST_F(ServiceTest, ADiscardThatDidNothingLeavesTheOrderToBeTriedAgain) {
  bank.script = [](OrderId, int attempt) {
    return attempt == 1 ? ScriptedBank::Line{ScriptedBank::Truth::nothing, PaymentOutcome::rejected}
                        : ScriptedBank::Line{};
  };
  const OrderId id = ledger.reserve();
  pass(5s);
  bank.cancel_fails = true;
  service.discard_dead(id, hear());
  round();
  round();
  service.retry_dead(id, hear());
  service.discard_dead(id, hear());
  pass(10s);
  EXPECT_EQ(heard, (std::vector{Outcome::overloaded, Outcome::invalid_state, Outcome::done}));
  EXPECT_EQ(ledger.orders.at(id).status, OrderStatus::confirmed);
  EXPECT_EQ(bank.accounts.at(id).taken, 1);
}

TEST_F(ServiceTest, DeadLettersAreFoundByWhatTheyAre) {
  bank.script = [](OrderId, int) { return ScriptedBank::Line{ScriptedBank::Truth::nothing, PaymentOutcome::rejected}; };
  std::vector<OrderId> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(ledger.reserve());
  pass(5s);
  ASSERT_EQ(service.view()->queue.dead_letters, 5u);
  DeadLetterPage page;
  const auto search = [&](DeadLetterSearch wanted) {
    service.dead_letters(std::move(wanted), [&](DeadLetterPage found) { page = std::move(found); });
    round();
    std::vector<OrderId> found;
    for (const DeadLetter& letter : page.letters) found.push_back(letter.order.id);
    return found;
  };
  EXPECT_EQ(search({}), ids) << "in the order in which they were accepted";
  EXPECT_EQ(search({.limit = 2}), std::vector(ids.begin(), ids.begin() + 2));
  EXPECT_EQ(page.more, 3u);
  EXPECT_EQ(search({.after = place_of(page.letters.back().order)}), std::vector(ids.begin() + 2, ids.end()));
  EXPECT_EQ(page.more, 0u);
  const std::string reason = page.letters.front().reason;
  ASSERT_GT(reason.size(), 3u);
  EXPECT_EQ(search({.step = Step::payment, .product = ProductRef{0}, .reason = reason.substr(1, 2)}), ids);
  EXPECT_TRUE(search({.step = Step::mail}).empty());
  EXPECT_TRUE(search({.product = ProductRef{1}}).empty());
  EXPECT_TRUE(search({.reason = reason + "!"}).empty());
}

TEST_F(ServiceTest, WorkersShareTheQueueAndAreSteeredByName) {
  service.set_concurrency("worker-1", 2, hear());
  service.set_concurrency("worker-2", 3, hear());
  service.set_concurrency("worker-9", 3, hear());
  service.set_concurrency("worker-1", kConcurrencyMax + 1, hear());
  round();
  EXPECT_EQ(heard, (std::vector{Outcome::done, Outcome::done, Outcome::order_not_found, Outcome::invalid_value}));
  for (int i = 0; i < 40; ++i) ledger.reserve();
  pass(1s);
  const auto view = service.view();
  ASSERT_EQ(view->workers.size(), 2u);
  EXPECT_EQ(view->workers[0].in_flight, 2u);
  EXPECT_EQ(view->workers[1].in_flight, 3u);
  EXPECT_EQ(view->queue.stages[0].waiting, 35u);
  EXPECT_EQ(view->queue.stages[0].in_flight, 5u);
  EXPECT_TRUE(view->queue.stages[0].oldest);
  service.pause(true);
  pass(10s);
  EXPECT_TRUE(service.view()->queue.paused);
  EXPECT_EQ(ledger.count(OrderStatus::confirmed), 5u);
  service.pause(false);
  pass(30s);
  EXPECT_EQ(ledger.count(OrderStatus::confirmed), 40u);
  EXPECT_EQ(service.view()->queue.stages[2].waiting, 40u) << "their papers wait";
  EXPECT_FALSE(service.view()->recent.empty());
}

TEST(FulfilmentLoop, WakesPostsCallsAndStops) {
  struct Counter : Turnable {
    SteadyTime turn(SteadyTime) override {
      ++turns;
      turns.notify_all();
      return kNever;
    }
    std::atomic<int> turns{0};
  } counter;
  SystemClock clock;
  FulfilmentLoop loop(clock, 0ns);
  loop.add(counter);
  loop.start();
  for (int i = 0; i < 100; ++i) {
    const int before = counter.turns;
    loop.wake();
    for (int seen = counter.turns; seen == before; seen = counter.turns) counter.turns.wait(seen);
  }
  std::thread::id there;
  loop.call([&] { there = std::this_thread::get_id(); });
  EXPECT_NE(there, std::this_thread::get_id());
  std::promise<void> posted;
  loop.post([&] { posted.set_value(); });
  posted.get_future().get();
  loop.stop();
  bool direct = false;
  loop.call([&] { direct = true; });
  EXPECT_TRUE(direct) << "nobody waits for a loop that has ended";
}

TEST(IdlePool, IsBoundedAndDropsWhatHasNotBegun) {
  std::promise<void> gate, begun;
  const std::shared_future<void> open = gate.get_future().share();
  std::atomic<int> ran{0};
  {
    IdlePool pool(1, 2);
    ASSERT_TRUE(pool.run([&] {
      begun.set_value();
      open.wait();
      ++ran;
    }));
    begun.get_future().wait();
    EXPECT_TRUE(pool.run([&] { ++ran; }));
    EXPECT_TRUE(pool.run([&] { ++ran; }));
    EXPECT_FALSE(pool.run([&] { ++ran; }));
    gate.set_value();
  }
  EXPECT_GE(ran, 1);
  EXPECT_LE(ran, 3);
}

}  // namespace
}  // namespace scalemart::testing
