// Workers at the far end of a link, in simulated time: leases, fences, lost links, lost processes.
#include <gtest/gtest.h>

#include "fulfilment/remote/testing.hpp"

namespace scalemart::testing {
namespace {

using namespace std::chrono_literals;
using Truth = ScriptedBank::Truth;
using Line = ScriptedBank::Line;

struct Remote : ::testing::Test {
  std::vector<OrderId> reserve(int count) {
    std::vector<OrderId> made;
    for (int i = 0; i < count; ++i) made.push_back(ledger.reserve());
    return made;
  }
  void expect_settled_once(OrderStatus status = OrderStatus::confirmed) const {
    for (const auto& [id, order] : ledger.orders) {
      EXPECT_EQ(order.status, status) << to_string(id);
      EXPECT_LE(order.confirmed, 1);
    }
    for (const auto& [id, account] : bank.accounts) EXPECT_LE(account.taken, 1) << to_string(id);
  }
  std::vector<WorkerView> views() { return plant.server->hub->views(); }

  ManualClock clock;
  TinyLedger ledger{clock};
  ScriptedBank bank{clock};
  PaperTrail papers;
  FarPlant plant{ledger, bank, papers, clock};
};

TEST_F(Remote, OrdersArePaidConfirmedInvoicedAndMailed) {
  plant.start_worker();
  const auto orders = reserve(500);
  ASSERT_TRUE(plant.finish(10s));
  expect_settled_once();
  EXPECT_EQ(papers.invoices.size(), 500u);
  EXPECT_EQ(papers.mails.size(), 500u);
  EXPECT_EQ(papers.mail_calls, 500);
  for (const OrderId id : orders) EXPECT_EQ(bank.charges_called.at(id), 1);
}

TEST_F(Remote, TheCallersTraceGoesAlong) {
  const auto orders = reserve(2);
  const auto caller = parse_trace_parent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  ledger.traces.remember(orders[1], *caller);
  plant.start_worker();
  ASSERT_TRUE(plant.finish(10s));
  for (const auto& [order, trace] : {std::pair{orders[0], trace_of(orders[0])}, std::pair{orders[1], *caller}}) {
    const auto charge = parse_trace_parent(bank.trace_parents.at(order).at(0));
    ASSERT_TRUE(charge);
    EXPECT_EQ(charge->trace, trace.trace);
    EXPECT_NE(charge->span, trace.span);
  }
}

TEST_F(Remote, FramesMayArriveInPieces) {
  plant.piece = 7;
  plant.start_worker();
  reserve(50);
  ASSERT_TRUE(plant.finish(10s));
  expect_settled_once();
}

TEST_F(Remote, TenThousandPaymentsAreInFlightAtOnce) {
  plant.start_worker();
  reserve(10'000);
  ASSERT_TRUE(plant.run(30s, [&] { return ledger.count(OrderStatus::confirmed) == 10'000; }));
  EXPECT_EQ(bank.most_in_flight, 10'000);
  ASSERT_TRUE(plant.finish(10min));
}

TEST_F(Remote, AWorkerTakesNoMoreThanItsConcurrency) {
  WorkerSettings settings = FarPlant::quick();
  settings.concurrency = 5;
  plant.start_worker(settings);
  reserve(40);
  ASSERT_TRUE(plant.finish(60s));
  EXPECT_EQ(bank.most_in_flight, 5);
}

TEST_F(Remote, TwoWorkersShareTheQueue) {
  FarWorker& one = plant.start_worker();
  FarWorker& two = plant.start_worker();
  plant.pass(1s);
  reserve(1000);
  ASSERT_TRUE(plant.finish(60s));
  expect_settled_once();
  EXPECT_EQ(one.worker.view().confirmed + two.worker.view().confirmed, 1000u);
  EXPECT_GT(one.worker.view().confirmed, 300u);
  EXPECT_GT(two.worker.view().confirmed, 300u);
}

TEST_F(Remote, AKilledWorkersOrdersGoToAnotherAtOnceUnderAGreaterFence) {
  plant.start_worker();
  const auto orders = reserve(20);
  ASSERT_TRUE(plant.run(5s, [&] { return bank.in_flight == 20; }));
  for (const OrderId id : orders) ASSERT_EQ(ledger.orders.at(id).fence, 1u);
  plant.kill_worker(0);
  plant.start_worker();
  ASSERT_TRUE(plant.finish(10s));
  expect_settled_once();
  for (const OrderId id : orders) {
    EXPECT_EQ(ledger.orders.at(id).fence, 2u);
    EXPECT_EQ(bank.lookups.at(id), 1) << "it may have been charged: it is looked up first";
    EXPECT_EQ(bank.charges_called.at(id), 1);
  }
}

TEST_F(Remote, AFrozenWorkerLosesItsLeasesAndItsLateCompletionsAreRefused) {
  FarWorker& zombie = plant.start_worker();
  const auto orders = reserve(10);
  ASSERT_TRUE(plant.run(5s, [&] { return bank.in_flight == 10; }));
  plant.frozen = &zombie;  // its connection stays
  FarWorker& heir = plant.start_worker();
  plant.pass(25s);
  EXPECT_EQ(heir.worker.view().confirmed, 0u) << "the leases hold";
  ASSERT_TRUE(plant.run(30s, [&] { return heir.worker.view().confirmed == 10; }));
  plant.frozen = nullptr;  // it wakes up, with ten approved payments to confirm
  ASSERT_TRUE(plant.finish(10s));
  expect_settled_once();
  EXPECT_EQ(zombie.worker.view().confirmed, 0u);
  EXPECT_EQ(zombie.worker.view().lost, 10u);
  reserve(1000);
  ASSERT_TRUE(plant.finish(60s));
  EXPECT_GT(zombie.worker.view().confirmed, 300u) << "it is a worker again";
  expect_settled_once();
}

TEST_F(Remote, CompletionsUnderAnOldFenceAreRefusedWhoeverSendsThem) {
  FarWorker& worker = plant.start_worker();
  bank.silent = true;
  bank.script = [](OrderId, int) { return Line{Truth::nothing, PaymentOutcome::unknown}; };
  const OrderId id = ledger.reserve();
  ASSERT_TRUE(plant.run(5s, [&] { return bank.in_flight == 1; }));
  plant.frozen = &worker;
  plant.pass(31s);
  struct Sink : CompletionSink {
    void completed(std::uint64_t, Outcome outcome) override { seen.push_back(outcome); }
    std::vector<Outcome> seen;
  } sink;
  ASSERT_TRUE(worker.queue.complete(0, Confirm{id, 1, "late"}, sink, 1));  // it does not know yet
  worker.queue.sender().turn(clock.steady());
  plant.frozen = nullptr;
  bank.script = {};
  ASSERT_TRUE(plant.run(200s, [&] { return ledger.count(OrderStatus::confirmed) == 1; }));
  EXPECT_EQ(sink.seen, std::vector{Outcome::stale_fence});
  EXPECT_EQ(ledger.orders.at(id).payment_reference, "ref");
  EXPECT_GT(ledger.orders.at(id).fence, 1u);
}

TEST_F(Remote, AWorkerGoesOnAfterTheServerWasKilled) {
  FarWorker& worker = plant.start_worker();
  const auto orders = reserve(200);
  ASSERT_TRUE(plant.run(5s, [&] { return bank.in_flight == 200; }));
  plant.kill_server();
  plant.pass(5s);  // the bank answers meanwhile
  EXPECT_EQ(ledger.count(OrderStatus::confirmed), 0u);
  plant.start_server();
  ASSERT_TRUE(plant.finish(20s));
  expect_settled_once();
  EXPECT_EQ(worker.worker.view().lost, 200u);
  for (const OrderId id : orders) EXPECT_EQ(bank.charges_called.at(id), 1);
}

TEST_F(Remote, NothingIsLeasedUntilTheWorkerKnowsThatItLostEverything) {
  WorkerSettings settings = FarPlant::quick();
  settings.heartbeat_every = 5s;
  FarWorker& worker = plant.start_worker(settings);
  reserve(3);
  ASSERT_TRUE(plant.run(5s, [&] { return bank.in_flight == 3; }));
  worker.cut();
  worker.connect(*plant.server);
  plant.pass(1s);
  std::vector<Task> tasks;
  EXPECT_EQ(worker.queue.lease(0, Lane::sale, 10, tasks), 0u);
  EXPECT_FALSE(worker.queue.heartbeat(0));
  EXPECT_TRUE(worker.queue.heartbeat(0)) << "said once";
  ASSERT_TRUE(plant.finish(60s));
  expect_settled_once();
}

TEST_F(Remote, OrdersThatArriveForAWorkerThatDrainsGoBack) {
  FarWorker& full = plant.start_worker();
  plant.pass(1s);
  // It asks, and begins to drain before the orders arrive.
  reserve(30);
  plant.server->round();
  full.worker.drain();
  FarWorker& other = plant.start_worker();
  ASSERT_TRUE(plant.finish(20s));
  EXPECT_EQ(other.worker.view().confirmed, 30u);
  expect_settled_once();
}

TEST_F(Remote, LeavingGivesEverythingBack) {
  FarWorker& worker = plant.start_worker();
  reserve(10);
  ASSERT_TRUE(plant.run(5s, [&] { return bank.in_flight == 10; }));
  worker.worker.drain();
  worker.worker.abandon();
  plant.round();
  EXPECT_EQ(plant.server->dispatcher.leased(), 0u);
  EXPECT_TRUE(views().empty());
  plant.start_worker();
  ASSERT_TRUE(plant.finish(10s));
  expect_settled_once();
}

TEST_F(Remote, APausedQueueGivesNothing) {
  plant.start_worker();
  plant.server->dispatcher.pause(true);
  reserve(5);
  plant.pass(5s);
  EXPECT_EQ(bank.in_flight, 0);
  plant.server->dispatcher.pause(false);
  ASSERT_TRUE(plant.finish(20s));
}

TEST_F(Remote, AnOpenBreakerKeepsOrdersInTheQueue) {
  bank.latency = 10ms;
  FarWorker& worker = plant.start_worker();
  bank.script = [](OrderId, int) { return Line{Truth::nothing, PaymentOutcome::misconfigured}; };
  reserve(1);
  ASSERT_TRUE(plant.run(5s, [&] { return worker.worker.view().breakers[0] == BreakerState::open; }));
  reserve(50);
  plant.pass(3s);
  EXPECT_GE(ledger.count(OrderStatus::pending), 45u);
  EXPECT_LE(bank.most_in_flight, 1);
  bank.script = {};
  ASSERT_TRUE(plant.finish(10min));
  expect_settled_once();
}

TEST_F(Remote, TheServerSeesAndSteersWorkers) {
  plant.start_worker();
  plant.pass(1s);
  reserve(10);
  ASSERT_TRUE(plant.finish(10s));
  plant.pass(1s);
  auto seen = views();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].id, "far-1");
  EXPECT_EQ(seen[0].place.host, "host");
  EXPECT_EQ(seen[0].place.pid, 42u);
  EXPECT_FALSE(seen[0].place.in_server);
  EXPECT_EQ(seen[0].confirmed, 10u);
  EXPECT_EQ(seen[0].papers_done, 10u);
  EXPECT_LE(clock.wall().ms - seen[0].heard.ms, 1000);
  EXPECT_EQ(plant.server->steps, 40) << "four steps each";
  std::vector<FinishedStep> recent;
  plant.server->hub->recent(recent);
  ASSERT_EQ(recent.size(), 30u) << "a payment's confirmation is the news";
  EXPECT_EQ(recent.front().step, Step::mail);

  EXPECT_EQ(plant.server->hub->set_concurrency("nobody", 3), Outcome::order_not_found);
  EXPECT_EQ(plant.server->hub->set_concurrency("far-1", 3), Outcome::done);
  EXPECT_EQ(views()[0].concurrency, 3u) << "at once";
  plant.pass(2s);
  EXPECT_EQ(views()[0].concurrency, 3u) << "and confirmed";
  EXPECT_EQ(plant.workers[0]->worker.view().concurrency, 3u);
  bank.most_in_flight = 0;
  reserve(12);
  ASSERT_TRUE(plant.finish(60s));
  EXPECT_EQ(bank.most_in_flight, 3);
}

TEST_F(Remote, NamesAreUniqueAndFreeAgainWhenTheirWorkerHasLeft) {
  const auto join = [this](const char* name) {
    auto queue = std::make_unique<RemoteQueue>(plant.server->loop, clock, frame::Hello{"", "h", 1, "1", "scripted"});
    static_cast<void>(queue->join(name));
    auto pipe = std::make_shared<BytePipe>();
    const auto link = plant.server->hub->opened(std::make_shared<BytePipe>());
    EXPECT_TRUE(plant.server->hub->received(link, frame::Hello{name, "h", 1, "1", "scripted"}, 10));
    plant.server->round();
    return link;
  };
  const auto first = join("a");
  join("a");
  join("worker-1");
  std::vector<std::string> names;
  for (const WorkerView& view : views()) names.push_back(view.id);
  EXPECT_EQ(names, (std::vector<std::string>{"a", "a-2", "worker-1-2"}));
  plant.server->hub->closed(first, "gone");
  plant.server->round();
  join("a");
  EXPECT_EQ(views().back().id, "a");
}

TEST_F(Remote, AWorkerWithAnotherBankIsSentAway) {
  FarWorker& worker = plant.start_worker();
  RemoteQueue other(worker.loop, clock, {"", "host", 1, "1", "stripe"});
  static_cast<void>(other.join("other"));
  auto up = std::make_shared<BytePipe>();
  auto down = std::make_shared<BytePipe>();
  const auto link = plant.server->hub->opened(down);
  other.connected(up);
  other.turn(clock.steady());
  up->carry([&](frame::Message m, std::size_t n) { ASSERT_TRUE(plant.server->hub->received(link, std::move(m), n)); });
  plant.server->round();
  EXPECT_TRUE(down->closed);
  down->carry([&](frame::Message m, std::size_t) { other.received(std::move(m)); });
  other.turn(clock.steady());
  ASSERT_TRUE(other.fault().has_value());
  EXPECT_NE(other.fault()->find("SCALEMART_PAYMENT"), std::string::npos);
}

TEST_F(Remote, WhoDoesNotSayHelloOrAsksForTooMuchIsSentAway) {
  const auto send = [this](std::vector<frame::Message> messages) {
    auto down = std::make_shared<BytePipe>();
    const auto link = plant.server->hub->opened(down);
    for (frame::Message& m : messages) EXPECT_TRUE(plant.server->hub->received(link, std::move(m), 10));
    plant.server->round();
    return down->closed;
  };
  const frame::Hello hello{"w", "h", 1, "1", "scripted"};
  EXPECT_TRUE(send({frame::Heartbeat{}}));
  EXPECT_TRUE(send({frame::Hello{"no such name", "h", 1, "1", "scripted"}}));
  EXPECT_TRUE(send({hello, hello}));
  EXPECT_TRUE(send({hello, frame::Want{{UINT64_MAX, 0}}}));
  EXPECT_TRUE(send({hello, frame::Lapsed{}})) << "the server's word";
  EXPECT_FALSE(send({hello, frame::Want{{1, 1}}}));
}

TEST_F(Remote, ABacklogHasABound) {
  const auto link = plant.server->hub->opened(std::make_shared<BytePipe>());
  EXPECT_TRUE(plant.server->hub->received(link, frame::Heartbeat{}, RemoteWorkers::kBacklogMax));
  EXPECT_FALSE(plant.server->hub->received(link, frame::Heartbeat{}, 1));
  plant.server->round();
  EXPECT_TRUE(plant.server->hub->received(link, frame::Heartbeat{}, 1));
}

TEST_F(Remote, AWorkerThatCheatsHurtsNobody) {
  FarWorker& honest = plant.start_worker();
  const auto orders = reserve(20);
  ASSERT_TRUE(plant.run(5s, [&] { return bank.in_flight == 20; }));
  auto down = std::make_shared<BytePipe>();
  const auto link = plant.server->hub->opened(down);
  const auto say = [&](frame::Message m) { ASSERT_TRUE(plant.server->hub->received(link, std::move(m), 10)); };
  say(frame::Hello{"cheat", "h", 1, "1", "scripted"});
  say(frame::Want{{5, 0}});
  const auto own = reserve(5);
  plant.server->round();
  plant.server->round();
  frame::Completions all;
  frame::Releases back;
  const auto complete = [&all](auto completion) {
    frame::Completions::Item& item = all.items.emplace_back();
    item.request = all.items.size();
    item.completion = completion;
  };
  for (const auto& some : {orders, own, own})
    for (const OrderId id : some)
      for (const std::uint32_t fence : {0u, 1u, 2u}) {
        complete(Begin{id, fence});
        complete(Confirm{id, fence, "cheat"});
        complete(FinishStep{id, fence, Step::mail});
        back.items.push_back({id, fence, 1, false, 0ns});
      }
  say(all);
  say(back);
  plant.server->round();
  plant.server->hub->closed(link, "gone");
  ASSERT_TRUE(plant.finish(10min));
  EXPECT_EQ(honest.worker.view().lost, 0u);
  for (const OrderId id : orders) EXPECT_EQ(ledger.orders.at(id).payment_reference, "ref");
  expect_settled_once();
}

}  // namespace
}  // namespace scalemart::testing
