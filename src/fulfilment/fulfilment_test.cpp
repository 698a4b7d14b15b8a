// The dispatcher and a worker together, over a tiny ledger and a scripted bank, in simulated time.
#include <gtest/gtest.h>

#include "fulfilment/testing.hpp"

namespace scalemart::testing {
namespace {

using namespace std::chrono_literals;
using Truth = ScriptedBank::Truth;
using Line = ScriptedBank::Line;

struct Fulfilment : ::testing::Test {
  Plant& plant(WorkerSettings settings = {}) {
    plant_ = std::make_unique<Plant>(ledger, bank, papers, clock, std::move(settings));
    return *plant_;
  }
  /// The process dies: nothing in memory survives, nobody waits for the bank's answers any more.
  void crash() {
    bank.forget_callers();
    plant_.reset();
  }
  void expect_one_charge_each() const {
    for (const auto& [id, account] : bank.accounts) EXPECT_LE(account.taken, 1) << to_string(id);
    for (const auto& [id, order] : ledger.orders) {
      EXPECT_LE(order.confirmed + order.failed, 1);
      if (order.status == OrderStatus::confirmed) {
        EXPECT_EQ(bank.accounts.at(id).taken, 1);
      }
    }
  }
  ManualClock clock;
  TinyLedger ledger{clock};
  ScriptedBank bank{clock};
  PaperTrail papers;
  std::unique_ptr<Plant> plant_;
};

TEST_F(Fulfilment, AnAcceptedOrderIsPaidConfirmedInvoicedAndMailed) {
  Plant& p = plant();
  const OrderId id = ledger.reserve();
  ASSERT_TRUE(p.finish(5s));
  EXPECT_EQ(ledger.orders.at(id).status, OrderStatus::confirmed);
  EXPECT_EQ(ledger.orders.at(id).payment_reference, "ref");
  EXPECT_EQ(papers.invoices.count(id), 1u);
  EXPECT_EQ(papers.mails.count(id), 1u);
  EXPECT_EQ(bank.charges_called.at(id), 1);
  EXPECT_EQ(p.worker.view().confirmed, 1u);
  EXPECT_EQ(p.worker.view().papers_done, 1u);
  const QueueView view = p.dispatcher.view();
  for (const StageView& stage : view.stages) {
    EXPECT_EQ(stage.depth(), 0u);
    EXPECT_EQ(stage.finished, 1u);
    EXPECT_FALSE(stage.oldest);
  }
  EXPECT_EQ(p.worker.history(10).size(), 3u);
  EXPECT_EQ(p.worker.history(1).at(0).step, Step::mail);
  for (const FinishedStep& step : p.worker.history(10)) EXPECT_EQ(step.attempts, 1) << to_text(step.step);
}

TEST_F(Fulfilment, AChargeIsMadeInTheTraceOfTheOrder) {
  bank.script = [](OrderId, int attempt) {
    return attempt == 1 ? Line{Truth::nothing, PaymentOutcome::unavailable} : Line{};
  };
  Plant& p = plant();
  const OrderId alone = ledger.reserve();
  const OrderId traced = ledger.reserve();
  const auto caller = parse_trace_parent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");
  ledger.traces.remember(traced, *caller);
  ASSERT_TRUE(p.finish(10min));
  const auto tries = [](TraceContext trace, OrderId order) {
    return std::vector{to_trace_parent(step_of_trace(trace, order, Step::payment, 1)),
                       to_trace_parent(step_of_trace(trace, order, Step::payment, 2))};
  };
  EXPECT_EQ(bank.trace_parents.at(alone), tries(trace_of(alone), alone));
  EXPECT_EQ(bank.trace_parents.at(traced), tries(*caller, traced));
}

TEST_F(Fulfilment, ADeclinedPaymentFailsTheOrderOnce) {
  bank.script = [](OrderId, int) { return Line{Truth::decline, PaymentOutcome::declined}; };
  Plant& p = plant();
  const OrderId id = ledger.reserve();
  ASSERT_TRUE(p.finish(5s));
  EXPECT_EQ(ledger.orders.at(id).status, OrderStatus::failed);
  EXPECT_EQ(ledger.orders.at(id).failed, 1);
  EXPECT_EQ(papers.mail_calls, 0);
  EXPECT_EQ(p.dispatcher.view().declined, 1u);
}

TEST_F(Fulfilment, ChargedWithoutAnAnswerIsFoundByLookupAndNeverChargedTwice) {
  bank.script = [](OrderId, int) { return Line{Truth::charge, PaymentOutcome::unknown}; };
  Plant& p = plant();
  for (int i = 0; i < 50; ++i) ledger.reserve();
  ASSERT_TRUE(p.finish(10min));
  EXPECT_EQ(ledger.count(OrderStatus::confirmed), 50u);
  for (const auto& [id, calls] : bank.charges_called) EXPECT_EQ(calls, 1);
  for (const auto& [id, calls] : bank.lookups) EXPECT_EQ(calls, 1);
  expect_one_charge_each();
}

TEST_F(Fulfilment, AnUnknownChargeTheBankNeverSawIsChargedAgainUnderTheSameKey) {
  bank.script = [](OrderId, int attempt) {
    return attempt == 1 ? Line{Truth::nothing, PaymentOutcome::unknown} : Line{};
  };
  Plant& p = plant();
  const OrderId id = ledger.reserve();
  ASSERT_TRUE(p.finish(10min));
  EXPECT_EQ(bank.charges_called.at(id), 2);
  EXPECT_EQ(bank.lookups.at(id), 1);
  expect_one_charge_each();
}

TEST_F(Fulfilment, ASilentBankIsGivenUpOnAndLookedUp) {
  bank.silent = true;
  bank.script = [](OrderId, int) { return Line{Truth::charge, PaymentOutcome::unknown}; };
  Plant& p = plant();
  const OrderId id = ledger.reserve();
  ASSERT_TRUE(p.finish(10min));
  EXPECT_EQ(ledger.orders.at(id).status, OrderStatus::confirmed);
  expect_one_charge_each();
}

TEST_F(Fulfilment, UnitsStayHeldWhileAPaymentIsUnresolved) {
  bank.script = [](OrderId, int) { return Line{Truth::charge, PaymentOutcome::unknown}; };
  bank.lookups_fail = true;
  Plant& p = plant();
  const OrderId id = ledger.reserve();
  ASSERT_TRUE(p.run(24h, [&] { return p.dispatcher.view().dead_letters == 1; }));
  EXPECT_EQ(ledger.orders.at(id).status, OrderStatus::processing);
  EXPECT_EQ(ledger.orders.at(id).failed, 0);
  const auto letters = p.dispatcher.dead_letters({}).letters;
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].attempts, 12u);
  EXPECT_EQ(letters[0].step, Step::payment);
  EXPECT_NE(letters[0].reason.find("unavailable"), std::string::npos);

  bank.lookups_fail = false;  // healed: a person retries it
  Outcome outcome = Outcome::overloaded;
  p.dispatcher.settle_dead(Unpark{id}, [&](Outcome o) { outcome = o; });
  ASSERT_TRUE(p.finish(10min));
  EXPECT_EQ(outcome, Outcome::done);
  EXPECT_EQ(ledger.orders.at(id).status, OrderStatus::confirmed);
  expect_one_charge_each();
}

TEST_F(Fulfilment, APoisonOrderEndsAsADeadLetterWhileOthersProceed) {
  Plant& p = plant();
  const OrderId poison = ledger.reserve();
  bank.script = [&](OrderId id, int) { return id == poison ? Line{Truth::nothing, PaymentOutcome::rejected} : Line{}; };
  for (int i = 0; i < 100; ++i) ledger.reserve();
  ASSERT_TRUE(p.run(5s, [&] { return ledger.count(OrderStatus::confirmed) == 100; }));
  EXPECT_TRUE(ledger.orders.at(poison).parked);
  Outcome outcome = Outcome::overloaded;
  p.dispatcher.settle_dead(Discard{poison}, [&](Outcome o) { outcome = o; });
  ASSERT_TRUE(p.finish(5s));
  EXPECT_EQ(outcome, Outcome::done);
  EXPECT_EQ(ledger.orders.at(poison).status, OrderStatus::failed);
  EXPECT_TRUE(p.dispatcher.dead_letters({}).letters.empty());
}

TEST_F(Fulfilment, ALapsedLeaseIsGivenOutAgainAndTheZombiesCompletionRefused) {
  FulfilmentLoop loop(clock, 0ns);
  Dispatcher dispatcher(ledger, loop, clock);
  ledger.restore(dispatcher);
  struct Sink : CompletionSink {
    void completed(std::uint64_t token, Outcome outcome) override { seen.emplace_back(token, outcome); }
    std::vector<std::pair<std::uint64_t, Outcome>> seen;
  } sink;
  const auto settle = [&] {
    dispatcher.turn(clock.steady());
    ledger.deliver(&dispatcher);
    dispatcher.turn(clock.steady());
  };
  const OrderId id = ledger.reserve();
  settle();
  const WorkerRef zombie = dispatcher.join("zombie");
  const WorkerRef heir = dispatcher.join("heir");
  std::vector<Task> first, second;
  ASSERT_EQ(dispatcher.lease(zombie, Lane::sale, 10, first), 1u);
  ASSERT_TRUE(dispatcher.complete(zombie, Begin{id, first[0].order.fence}, sink, 1));
  settle();
  ledger.deliver(&dispatcher);
  clock.advance(20s);
  dispatcher.heartbeat(heir);
  settle();
  EXPECT_EQ(dispatcher.lease(heir, Lane::sale, 10, second), 0u) << "the lease holds";
  clock.advance(11s);
  settle();
  ASSERT_EQ(dispatcher.lease(heir, Lane::sale, 10, second), 1u);
  EXPECT_GT(second[0].order.fence, first[0].order.fence);
  EXPECT_TRUE(second[0].order.unresolved);
  ASSERT_TRUE(dispatcher.complete(heir, Begin{id, second[0].order.fence}, sink, 2));
  settle();
  ASSERT_TRUE(dispatcher.complete(zombie, Confirm{id, first[0].order.fence, "late"}, sink, 3));
  settle();
  EXPECT_EQ(ledger.orders.at(id).status, OrderStatus::processing);
  ASSERT_EQ(sink.seen.size(), 3u);
  EXPECT_EQ(sink.seen[2], (std::pair<std::uint64_t, Outcome>(3, Outcome::stale_fence)));
  EXPECT_FALSE(dispatcher.heartbeat(zombie));
}

TEST_F(Fulfilment, ASecondCompletionWhileOneIsUnderWayIsRefused) {
  FulfilmentLoop loop(clock, 0ns);
  Dispatcher dispatcher(ledger, loop, clock);
  ledger.restore(dispatcher);
  struct Sink : CompletionSink {
    void completed(std::uint64_t token, Outcome outcome) override { seen[token] = outcome; }
    std::map<std::uint64_t, Outcome> seen;
  } sink;
  const auto settle = [&] {
    ledger.deliver(&dispatcher);
    dispatcher.turn(clock.steady());
  };
  const OrderId id = ledger.reserve();
  settle();
  const WorkerRef worker = dispatcher.join("worker");
  std::vector<Task> tasks;
  ASSERT_EQ(dispatcher.lease(worker, Lane::sale, 1, tasks), 1u);
  ASSERT_TRUE(dispatcher.complete(worker, Begin{id, 1}, sink, 1));
  settle();
  ASSERT_TRUE(dispatcher.complete(worker, Confirm{id, 1, "first"}, sink, 2));
  ASSERT_TRUE(dispatcher.complete(worker, Confirm{id, 1, "second"}, sink, 3));
  dispatcher.release(worker, id, 1, 1, false, 0ns);  // ignored: it is not at a step's boundary
  settle();
  EXPECT_EQ(sink.seen,
            (std::map<std::uint64_t, Outcome>{{1, Outcome::done}, {2, Outcome::done}, {3, Outcome::stale_fence}}));
  ASSERT_EQ(dispatcher.lease(worker, Lane::paper, 1, tasks), 1u) << "its papers are still to be made";
}

TEST_F(Fulfilment, APlaceThatWasLeftIsGivenToTheNextWorker) {
  FulfilmentLoop loop(clock, 0ns);
  Dispatcher dispatcher(ledger, loop, clock);
  const WorkerRef first = dispatcher.join("first");
  const WorkerRef second = dispatcher.join("second");
  EXPECT_NE(first, second);
  dispatcher.leave(first);
  EXPECT_FALSE(dispatcher.heartbeat(first));
  EXPECT_FALSE(dispatcher.heartbeat(first)) << "it does not come back by that";
  EXPECT_EQ(dispatcher.join("third"), first);
  EXPECT_TRUE(dispatcher.heartbeat(first));
}

TEST_F(Fulfilment, AnAddressThatCannotBeSaidNowIsAskedForAgain) {
  papers.addresses_away = 2;
  Plant& p = plant();
  const OrderId id = ledger.reserve();
  ASSERT_TRUE(p.finish(10min));
  EXPECT_FALSE(ledger.orders.at(id).parked);
  EXPECT_TRUE(papers.mails.contains(id));
}

TEST_F(Fulfilment, AConfirmUnderWayWhenTheLeaseLapsesIsNotPaidAgain) {
  FulfilmentLoop loop(clock, 0ns);
  Dispatcher dispatcher(ledger, loop, clock);
  ledger.restore(dispatcher);
  struct Sink : CompletionSink {
    void completed(std::uint64_t, Outcome) override {}
  } sink;
  const OrderId id = ledger.reserve();
  ledger.deliver(&dispatcher);
  dispatcher.turn(clock.steady());
  const WorkerRef slow = dispatcher.join("slow");
  std::vector<Task> tasks;
  ASSERT_EQ(dispatcher.lease(slow, Lane::sale, 1, tasks), 1u);
  ASSERT_TRUE(dispatcher.complete(slow, Begin{id, 1}, sink, 1));
  ledger.deliver(&dispatcher);
  dispatcher.turn(clock.steady());
  ASSERT_TRUE(dispatcher.complete(slow, Confirm{id, 1, "ref"}, sink, 2));
  clock.advance(31s);  // the ledger is slow, the lease lapses meanwhile
  dispatcher.turn(clock.steady());
  const WorkerRef heir = dispatcher.join("heir");
  EXPECT_EQ(dispatcher.lease(heir, Lane::sale, 1, tasks), 0u);
  ledger.deliver(&dispatcher);
  dispatcher.turn(clock.steady());
  EXPECT_EQ(dispatcher.lease(heir, Lane::sale, 1, tasks), 0u);
  EXPECT_EQ(dispatcher.lease(heir, Lane::paper, 1, tasks), 1u);
}

TEST_F(Fulfilment, ExpiredAndCancelledOrdersDropOut) {
  Plant& p = plant({.concurrency = 0});
  const OrderId a = ledger.reserve();
  clock.advance(1s);
  ledger.reserve();
  p.run(10ms, [] { return false; });
  EXPECT_EQ(p.dispatcher.view().stages[0].waiting, 2u);
  const WallTime oldest = *p.dispatcher.view().stages[0].oldest;
  ledger.expire(a);
  p.run(10ms, [] { return false; });
  EXPECT_EQ(p.dispatcher.view().stages[0].waiting, 1u);
  EXPECT_GT(*p.dispatcher.view().stages[0].oldest, oldest);
  p.worker.set_concurrency(10);
  ASSERT_TRUE(p.finish(5s));
  EXPECT_EQ(bank.charges_called.count(a), 0u);
}

TEST_F(Fulfilment, AnOrderThatExpiresBeforeItsBeginIsNotPaid) {
  Plant& p = plant();
  const OrderId id = ledger.reserve();
  p.round();  // leased, Begin is on its way
  ledger.orders.at(id).status = OrderStatus::expired;
  ASSERT_TRUE(p.finish(5s));
  EXPECT_EQ(bank.charges_called.count(id), 0u);
  EXPECT_EQ(p.worker.view().lost, 1u);
}

TEST_F(Fulfilment, OrdersAreTakenInTheirOrderAndConcurrencyChangesAtRunTime) {
  Plant& p = plant({.concurrency = 3});
  std::vector<OrderId> order, charged;
  for (int i = 0; i < 30; ++i) order.push_back(ledger.reserve());
  bank.script = [&](OrderId id, int) {
    charged.push_back(id);
    return Line{};
  };
  p.run(1s, [] { return false; });
  EXPECT_EQ(charged.size(), 3u);
  EXPECT_EQ(bank.most_in_flight, 3);
  p.worker.set_concurrency(10);
  p.run(500ms, [] { return false; });
  EXPECT_EQ(charged.size(), 10u);
  p.dispatcher.pause(true);
  p.run(5s, [] { return false; });
  EXPECT_EQ(charged.size(), 10u) << "paused: what is under way ends, nothing new begins";
  EXPECT_EQ(ledger.count(OrderStatus::confirmed), 10u);
  p.dispatcher.pause(false);
  ASSERT_TRUE(p.finish(30s));
  EXPECT_EQ(charged, order);
  EXPECT_EQ(bank.most_in_flight, 10);
}

TEST_F(Fulfilment, AFullLedgerQueueLosesNothing) {
  ledger.room = 7;
  Plant& p = plant();
  for (int i = 0; i < 200; ++i) ledger.reserve();
  ASSERT_TRUE(p.finish(60s));
  EXPECT_EQ(ledger.count(OrderStatus::confirmed), 200u);
  EXPECT_EQ(papers.mails.size(), 200u);
  expect_one_charge_each();
}

TEST_F(Fulfilment, AFullDiskDelaysBeginsAndNothingIsCharged) {
  ledger.read_only = true;
  Plant& p = plant();
  ledger.reserve();
  p.run(3s, [] { return false; });
  EXPECT_TRUE(bank.charges_called.empty());
  ledger.read_only = false;
  ASSERT_TRUE(p.finish(5s));
}

TEST_F(Fulfilment, TheBreakerOpensProbesAndCloses) {
  bank.latency = 10ms;
  bank.script = [](OrderId, int) { return Line{Truth::nothing, PaymentOutcome::unavailable}; };
  Plant& p = plant({.concurrency = 20});
  for (int i = 0; i < 500; ++i) ledger.reserve();
  p.run(500ms, [] { return false; });
  EXPECT_EQ(p.worker.view().breakers[0], BreakerState::open);
  const auto calls = [&] {
    int sum = 0;
    for (const auto& [id, n] : bank.charges_called) sum += n;
    return sum;
  };
  const int before = calls();
  EXPECT_LE(before, 40);
  p.run(10s, [] { return false; });
  EXPECT_GE(calls() - before, 8);
  EXPECT_LE(calls() - before, 11) << "one probe a second";
  bank.script = {};
  p.run(2s, [] { return false; });
  EXPECT_EQ(p.worker.view().breakers[0], BreakerState::closed);
  ASSERT_TRUE(p.finish(10min));
  EXPECT_EQ(ledger.count(OrderStatus::confirmed), 500u);
  expect_one_charge_each();
}

TEST_F(Fulfilment, AMisconfiguredProviderDoesNotFillTheDeadLetters) {
  bank.script = [](OrderId, int) { return Line{Truth::nothing, PaymentOutcome::misconfigured}; };
  Plant& p = plant({.concurrency = 50});
  for (int i = 0; i < 1000; ++i) ledger.reserve();
  p.run(10min, [] { return false; });
  EXPECT_LT(p.dispatcher.view().dead_letters, 60u);
  EXPECT_NE(p.worker.view().breakers[0], BreakerState::closed);
}

TEST_F(Fulfilment, AMailServerThatIsAwayDoesNotHoldUpPayments) {
  papers.mail_outcome = MailOutcome::unavailable;
  Plant& p = plant({.papers_max = 8});
  for (int i = 0; i < 300; ++i) ledger.reserve();
  ASSERT_TRUE(p.run(5s, [&] { return ledger.count(OrderStatus::confirmed) == 300; }));
  p.run(30s, [] { return false; });
  EXPECT_EQ(p.worker.view().breakers[3], BreakerState::open);
  papers.mail_outcome = MailOutcome::sent;
  ASSERT_TRUE(p.finish(30min));
  EXPECT_EQ(papers.mails.size(), 300u);
  EXPECT_EQ(papers.invoices.size(), 300u);
}

TEST_F(Fulfilment, ACompletionTheLedgerCannotTakeEndsAsADeadLetter) {
  bank.reference = std::string(300, 'x');
  Plant& p = plant();
  const OrderId id = ledger.reserve();
  ASSERT_TRUE(p.run(5s, [&] { return p.dispatcher.view().dead_letters == 1; }));
  EXPECT_EQ(ledger.orders.at(id).status, OrderStatus::processing);
  bank.reference = "short";
  p.dispatcher.settle_dead(Unpark{id}, [](Outcome) {});
  ASSERT_TRUE(p.finish(5s));
  expect_one_charge_each();
}

TEST_F(Fulfilment, ADiscardedInvoiceStillGetsItsMail) {
  papers.broken_invoices = 1000;
  WorkerSettings settings;
  settings.retry.attempts_max = 2;
  Plant& p = plant(settings);
  const OrderId id = ledger.reserve();
  ASSERT_TRUE(p.run(10min, [&] { return p.dispatcher.view().dead_letters == 1; }));
  EXPECT_EQ(p.dispatcher.dead_letters({}).letters.at(0).step, Step::invoice);
  p.dispatcher.settle_dead(Discard{id}, [](Outcome) {});
  ASSERT_TRUE(p.finish(5s));
  EXPECT_EQ(papers.mails.count(id), 1u);
}

TEST_F(Fulfilment, DrainFinishesWhatIsUnderWayAndTakesNothingNew) {
  Plant& p = plant({.concurrency = 5});
  for (int i = 0; i < 20; ++i) ledger.reserve();
  p.run(100ms, [] { return false; });
  p.worker.drain();
  ASSERT_TRUE(p.run(5s, [&] { return p.worker.idle(); }));
  EXPECT_EQ(ledger.count(OrderStatus::confirmed), 5u);
  EXPECT_EQ(ledger.count(OrderStatus::pending), 15u);
}

TEST_F(Fulfilment, AbandonedLeasesAreGivenBackAndLateAnswersIgnored) {
  Plant& p = plant({.concurrency = 5});
  for (int i = 0; i < 20; ++i) ledger.reserve();
  p.run(100ms, [] { return false; });
  p.worker.abandon();
  EXPECT_TRUE(p.worker.idle());
  EXPECT_EQ(p.dispatcher.view().stages[0].waiting, 20u);
  p.run(5s, [] { return false; });
  EXPECT_EQ(ledger.count(OrderStatus::confirmed), 0u);
  crash();
  ASSERT_TRUE(plant().finish(30s));
  EXPECT_EQ(ledger.count(OrderStatus::confirmed), 20u);
  expect_one_charge_each();
}

TEST_F(Fulfilment, ACrashAtAnyMomentRepeatsNoEffect) {
  // Each run stops the process after another number of rounds, with a bank that answers, loses answers and
  // declines.
  for (int rounds = 1; rounds < 60; ++rounds) {
    ledger.orders.clear();
    bank.reset();
    papers = PaperTrail();
    bank.latency = 5ms;
    bank.script = [](OrderId id, int attempt) {
      if (id.lo % 5 == 0) return Line{Truth::decline, PaymentOutcome::declined};
      if (id.lo % 3 == 0 && attempt == 1) return Line{Truth::charge, PaymentOutcome::unknown};
      if (id.lo % 7 == 0 && attempt < 3) return Line{Truth::nothing, PaymentOutcome::unavailable};
      return Line{};
    };
    for (int i = 0; i < 25; ++i) ledger.reserve();
    for (int crashes = 0; crashes < 4; ++crashes) {
      Plant& p = plant({.concurrency = 4, .papers_max = 2});
      for (int i = 0; i < rounds; ++i) {
        p.round();
        clock.advance(1ms);
      }
      // What was submitted may or may not have reached the disk; nobody hears of it.
      if (crashes % 2 == 0) ledger.deliver(nullptr);
      crash();
    }
    ASSERT_TRUE(plant().finish(1h)) << "rounds " << rounds;
    expect_one_charge_each();
    EXPECT_EQ(ledger.count(OrderStatus::confirmed) + ledger.count(OrderStatus::failed), 25u);
    for (const auto& [id, order] : ledger.orders) {
      const bool paid = order.status == OrderStatus::confirmed;
      EXPECT_EQ(papers.mails.count(id), paid ? 1u : 0u);
      EXPECT_EQ(papers.invoices.count(id), paid ? 1u : 0u);
    }
    crash();
  }
}

TEST_F(Fulfilment, TenThousandTwoSecondPaymentsTakeTwoSeconds) {
  Plant& p = plant();
  for (int i = 0; i < 10'000; ++i) ledger.reserve();
  const SteadyTime began = clock.steady();
  ASSERT_TRUE(p.run(10s, [&] { return p.worker.view().confirmed == 10'000; }));
  EXPECT_LT(clock.steady() - began, 2100ms);
  EXPECT_EQ(bank.most_in_flight, 10'000);
}

}  // namespace
}  // namespace scalemart::testing
