// Orders on streams: leases, fences, deaths, and a Redis that forgets.
#include <gtest/gtest.h>

#include "tests/redis/work_shop.hpp"

namespace scalemart {
namespace {

using std::chrono::milliseconds;
using testing_servers::RedisServer;
using Truth = scalemart::testing::ScriptedBank::Truth;

class OrderStreamsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SCALEMART_NEEDS_REDIS();
    server.emplace();
    shop.emplace(server->url());
    a.emplace(shop->streams());
    b.emplace(shop->streams());
  }
  std::vector<StreamLease> lease(OrderStreams& streams, const std::string& consumer, std::size_t sale,
                                 std::size_t paper = 0, milliseconds silent = milliseconds(0)) {
    std::vector<StreamLease> leases;
    for (std::uint32_t p = 0; p < WorkShop::kPartitions; ++p)
      EXPECT_TRUE(streams.lease(p, consumer, {{sale, paper}, silent}, leases, kWithin)) << streams.why_away();
    return leases;
  }
  std::optional<RedisServer> server;
  std::optional<WorkShop> shop;
  std::optional<OrderStreams> a, b;
};

TEST_F(OrderStreamsTest, OneOrderIsFoundWhereverItIs) {
  using enum QueuedOrder::Where;
  std::vector<OpenOrder> orders(4100);
  for (std::size_t i = 0; i < orders.size(); ++i) {
    orders[i].id = {7, i + 1};
    orders[i].product = ProductRef{5};
    orders[i].quantity = 1;
  }
  ASSERT_TRUE(a->offer(orders, kWithin));
  const auto where = [&](std::size_t i) { return b->find(orders[i].id, milliseconds(1000))->where; };
  EXPECT_EQ(where(0), waiting);
  EXPECT_EQ(where(4099), waiting) << "behind two portions";
  EXPECT_EQ(b->find({8, 8}, kWithin)->where, nowhere);
  auto leases = lease(*a, "process-1/night-1/0", 2);
  ASSERT_EQ(leases.size(), 2u);
  const auto held = b->find(leases[0].order.id, kWithin);
  EXPECT_EQ(held->where, leased);
  EXPECT_EQ(held->consumer, "process-1/night-1/0");
  leases[0].order.attempts = 3;
  ASSERT_TRUE(a->put_back("process-1/night-1/0", leases[0], milliseconds(60'000), kWithin));
  const auto later = b->find(leases[0].order.id, kWithin);
  EXPECT_EQ(later->where, delayed);
  EXPECT_EQ(later->order.attempts, 3);
  EXPECT_NEAR(static_cast<double>(later->due.ms - SystemClock().wall().ms), 60'000, 5'000);
  ASSERT_TRUE(a->finish(leases[1].partition, Lane::sale,
                        std::vector{OrderStreams::Finished{leases[1].entry, leases[1].order.id, {}}}, kWithin));
  EXPECT_EQ(where(1), nowhere);
}

TEST_F(OrderStreamsTest, OfferedOrderArrivesWhole) {
  OpenOrder order;
  order.id = {1, 2};
  order.buyer = {3, 4};
  order.created = {1'700'000'000'123};
  order.confirmed = {1'700'000'000'456};
  order.sequence = (1ull << 60) + 1;
  order.unit_price = -5;
  order.product = ProductRef{77};
  order.fence = 9;
  order.attempts = 300;
  order.quantity = 10;
  order.lane = Lane::paper;
  order.unresolved = true;
  order.invoice_done = true;
  ASSERT_TRUE(a->offer({&order, 1}, kWithin));
  const auto leases = lease(*b, "b", 0, 5);
  ASSERT_EQ(leases.size(), 1u);
  const OpenOrder& got = leases[0].order;
  EXPECT_EQ(got.id, order.id);
  EXPECT_EQ(got.buyer, order.buyer);
  EXPECT_EQ(got.created, order.created);
  EXPECT_EQ(got.confirmed, order.confirmed);
  EXPECT_EQ(got.sequence, order.sequence);
  EXPECT_EQ(got.unit_price, order.unit_price);
  EXPECT_EQ(got.product, order.product);
  EXPECT_EQ(got.fence, 10u) << "a lease has a new fence";
  EXPECT_EQ(got.attempts, order.attempts);
  EXPECT_EQ(got.quantity, order.quantity);
  EXPECT_EQ(got.lane, Lane::paper);
  EXPECT_TRUE(got.unresolved && got.invoice_done && !got.begun);
}

TEST_F(OrderStreamsTest, OfferedTwiceIsQueuedOnce) {
  const OrderId id = shop->sell();
  const OpenOrder again = shop->open(id);
  ASSERT_TRUE(b->offer({&again, 1}, kWithin));
  auto leases = lease(*a, "a", 10);
  ASSERT_EQ(leases.size(), 1u);
  ASSERT_TRUE(b->offer({&again, 1}, kWithin));
  EXPECT_TRUE(lease(*b, "b", 10).empty()) << "while it is leased, too";
  ASSERT_TRUE(a->put_back("a", leases[0], milliseconds(60'000), kWithin));
  ASSERT_TRUE(b->offer({&again, 1}, kWithin));
  EXPECT_TRUE(lease(*b, "b", 10).empty()) << "and while it waits for a retry";
}

TEST_F(OrderStreamsTest, EachPartitionKeepsTheOrderOfOffers) {
  std::vector<OrderId> sold;
  for (int i = 0; i < 60; ++i) sold.push_back(shop->sell());
  std::map<std::uint32_t, OrderId> last;
  std::size_t count = 0;
  while (count < sold.size()) {
    for (const StreamLease& lease : this->lease(*a, "a", 3)) {
      EXPECT_LT(last[lease.partition], lease.order.id);
      last[lease.partition] = lease.order.id;
      ++count;
    }
  }
}

TEST_F(OrderStreamsTest, SilentHoldersOrderGoesToAnotherUnderAGreaterFence) {
  const OrderId id = shop->sell();
  const auto first = lease(*a, "a", 10);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_TRUE(lease(*b, "b", 10, 0, milliseconds(60'000)).empty()) << "not silent for long enough";
  std::this_thread::sleep_for(milliseconds(60));
  const auto second = lease(*b, "b", 10, 0, milliseconds(50));
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].entry, first[0].entry);
  EXPECT_EQ(second[0].order.fence, first[0].order.fence + 1);
  EXPECT_TRUE(second[0].order.unresolved) << "the first one may have charged";
  EXPECT_EQ(shop->decide(Begin{id, second[0].order.fence}), Outcome::done);
  EXPECT_EQ(shop->decide(Begin{id, first[0].order.fence}), Outcome::stale_fence);
  // The first one wakes up: the entry is not its any more.
  std::vector<std::string> lost;
  ASSERT_TRUE(a->renew(first[0].partition, Lane::sale, "a", std::vector{first[0].entry}, lost, kWithin));
  EXPECT_EQ(lost, std::vector{first[0].entry});
  ASSERT_TRUE(a->put_back("a", first[0], milliseconds(0), kWithin));
  EXPECT_TRUE(lease(*a, "a", 10).empty()) << "and it cannot give it to anybody";
}

TEST_F(OrderStreamsTest, RenewedLeasesAreNotTaken) {
  shop->sell();
  const auto mine = lease(*a, "a", 10);
  ASSERT_EQ(mine.size(), 1u);
  std::vector<std::string> lost;
  for (int i = 0; i < 8; ++i) {
    std::this_thread::sleep_for(milliseconds(30));
    ASSERT_TRUE(a->renew(mine[0].partition, Lane::sale, "a", std::vector{mine[0].entry}, lost, kWithin));
    EXPECT_TRUE(lease(*b, "b", 10, 0, milliseconds(150)).empty());
  }
  EXPECT_TRUE(lost.empty());
  std::this_thread::sleep_for(milliseconds(160));
  const auto taken = lease(*b, "b", 10, 0, milliseconds(150));
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].order.fence, mine[0].order.fence + 1) << "renewing is no delivery";
}

TEST_F(OrderStreamsTest, BegunOrderKeepsItsFenceWhenItsHolderGivesItBack) {
  shop->sell();
  auto leases = lease(*a, "a", 10);
  ASSERT_EQ(leases.size(), 1u);
  leases[0].order.begun = true;
  leases[0].order.attempts = 4;
  ASSERT_TRUE(a->put_back("a", leases[0], milliseconds(40), kWithin));
  EXPECT_TRUE(lease(*b, "b", 10).empty()) << "it is not due";
  std::this_thread::sleep_for(milliseconds(50));
  const auto again = lease(*b, "b", 10);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].order.fence, leases[0].order.fence);
  EXPECT_TRUE(again[0].order.begun);
  EXPECT_EQ(again[0].order.attempts, 4);
}

TEST_F(OrderStreamsTest, FinishedOrderIsGoneAndItsPapersFollow) {
  shop->sell();
  shop->sell();
  const auto leases = lease(*a, "a", 10);
  ASSERT_EQ(leases.size(), 2u);
  OpenOrder paper = leases[0].order;
  paper.lane = Lane::paper;
  paper.begun = true;
  const OrderStreams::Finished first{leases[0].entry, leases[0].order.id, paper};
  const OrderStreams::Finished second{leases[1].entry, leases[1].order.id, std::nullopt};
  for (int i = 0; i < 2; ++i) {  // told twice: no harm
    ASSERT_TRUE(a->finish(leases[0].partition, Lane::sale, {&first, 1}, kWithin));
    ASSERT_TRUE(a->finish(leases[1].partition, Lane::sale, {&second, 1}, kWithin));
  }
  const auto papers = lease(*b, "b", 10, 10);
  ASSERT_EQ(papers.size(), 1u);
  EXPECT_EQ(papers[0].order.id, leases[0].order.id);
  EXPECT_EQ(papers[0].order.fence, leases[0].order.fence) << "under the same fence";
  EXPECT_TRUE(papers[0].order.begun);
  const auto view = a->look(kWithin);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->waiting[0] + view->leased[0] + view->delayed[0], 0u);
  EXPECT_EQ(view->leased[1], 1u);
  const OrderStreams::Finished last{papers[0].entry, papers[0].order.id, std::nullopt};
  ASSERT_TRUE(b->finish(papers[0].partition, Lane::paper, {&last, 1}, kWithin));
  for (std::uint32_t p = 0; p < WorkShop::kPartitions; ++p)
    EXPECT_EQ(server->say({"SCARD", "scalemart:{p" + std::to_string(p) + "}:queued"}), "0");
}

TEST_F(OrderStreamsTest, WhoLostAnOrderDoesNotFinishItForItsNewHolder) {
  const OrderId id = shop->sell();
  const auto first = lease(*a, "a", 10);
  OpenOrder paper = first.at(0).order;
  paper.lane = Lane::paper;
  const OrderStreams::Finished confirmed{first[0].entry, id, paper};
  ASSERT_TRUE(a->finish(first[0].partition, Lane::sale, {&confirmed, 1}, kWithin));
  // Another one had the entry, too, finds the order confirmed, and is done with it: its papers stay.
  const OrderStreams::Finished invalid{first[0].entry, id, std::nullopt};
  ASSERT_TRUE(b->finish(first[0].partition, Lane::sale, {&invalid, 1}, kWithin));
  const OpenOrder again = paper;
  ASSERT_TRUE(b->offer({&again, 1}, kWithin));
  EXPECT_EQ(lease(*b, "b", 10, 10).size(), 1u);
}

TEST_F(OrderStreamsTest, PausedNothingIsLeased) {
  shop->sell();
  ASSERT_TRUE(b->pause(true, kWithin));
  EXPECT_TRUE(a->look(kWithin)->paused);
  EXPECT_TRUE(lease(*a, "a", 10).empty());
  ASSERT_TRUE(b->pause(false, kWithin));
  EXPECT_EQ(lease(*a, "a", 10).size(), 1u);
}

TEST_F(OrderStreamsTest, FullRedisTakesNoNewOrdersAndLetsOldOnesEnd) {
  const OrderId id = shop->sell();
  const auto leases = lease(*a, "a", 10);
  server->say({"CONFIG", "SET", "maxmemory", "1mb"});
  server->say({"SET", "ballast", std::string(2'000'000, 'x')});
  shop->sell(false);
  EXPECT_FALSE(shop->sweep());
  EXPECT_NE(shop->intake.why_away().find("OOM"), std::string::npos);
  const OrderStreams::Finished done{leases.at(0).entry, id, std::nullopt};
  EXPECT_TRUE(a->finish(leases[0].partition, Lane::sale, {&done, 1}, kWithin)) << a->why_away();
}

// --- whole workers

class StreamQueueTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SCALEMART_NEEDS_REDIS();
    server.emplace();
    shop.emplace(server->url());
  }
  WorkerProcess& start(const std::string& name, milliseconds lease_ttl = milliseconds(400)) {
    return *processes.emplace_back(std::make_unique<WorkerProcess>(*shop, name, lease_ttl));
  }
  bool all_finished() { return shop->unfinished().empty(); }
  bool run_until_finished() {
    SteadyTime next_sweep = shop->clock.steady() + milliseconds(300);
    return run_until(*shop, processes, [&] {
      if (shop->clock.steady() >= next_sweep) {
        static_cast<void>(shop->sweep());
        next_sweep = shop->clock.steady() + milliseconds(300);
      }
      return all_finished();
    });
  }
  /// Money was taken once for each confirmed order, and for no other one.
  void check_money() {
    for (const auto& [order, account] : shop->bank.accounts) {
      const bool confirmed = shop->status(order) == OrderStatus::confirmed;
      EXPECT_EQ(account.taken, confirmed ? 1 : 0) << to_string(order);
    }
    const auto recount = shop->record.recount(kWithin);
    ASSERT_TRUE(recount);
    EXPECT_TRUE(recount->drift.empty());
  }
  std::optional<RedisServer> server;
  std::optional<WorkShop> shop;
  std::vector<std::unique_ptr<WorkerProcess>> processes;
};

TEST_F(StreamQueueTest, OrdersArePaidConfirmedInvoicedAndMailed) {
  start("one");
  start("two");
  for (int i = 0; i < 200; ++i) shop->sell();
  ASSERT_TRUE(run_until(*shop, processes, [&] { return all_finished(); })) << "without any sweep";
  check_money();
  EXPECT_EQ(shop->papers.invoices.size(), 200u);
  EXPECT_EQ(shop->papers.mail_calls, 200);
  EXPECT_GT(processes[0]->worker.view().confirmed, 0u);
  EXPECT_GT(processes[1]->worker.view().confirmed, 0u);
  ASSERT_TRUE(run_until(*shop, processes, [&] {
    const auto view = shop->intake.look(kWithin);
    return view && view->leased[0] + view->leased[1] + view->waiting[0] + view->waiting[1] == 0;
  }));
}

TEST_F(StreamQueueTest, FailedPaymentsAreTriedAgainLater) {
  start("one");
  shop->bank.script = [](OrderId, int attempt) {
    return attempt < 4 ? testing::ScriptedBank::Line{Truth::nothing, PaymentOutcome::unavailable}
                       : testing::ScriptedBank::Line{};
  };
  const OrderId id = shop->sell();
  ASSERT_TRUE(run_until(*shop, processes, [&] { return all_finished(); }));
  EXPECT_EQ(shop->bank.charges_called.at(id), 4);
  EXPECT_EQ(processes[0]->worker.view().retries, 3u);
  check_money();
}

TEST_F(StreamQueueTest, DeclinedOrdersFailOnce) {
  start("one");
  shop->bank.script = [](OrderId, int) {
    return testing::ScriptedBank::Line{Truth::decline, PaymentOutcome::declined};
  };
  const OrderId id = shop->sell();
  ASSERT_TRUE(run_until(*shop, processes, [&] { return all_finished(); }));
  EXPECT_EQ(shop->status(id), OrderStatus::failed);
  check_money();
}

TEST_F(StreamQueueTest, HopelessOrdersBecomeDeadLettersOfTheRecord) {
  start("one");
  bool broken = true;
  shop->bank.script = [&](OrderId, int) {
    return broken ? testing::ScriptedBank::Line{Truth::nothing, PaymentOutcome::rejected}
                  : testing::ScriptedBank::Line{};
  };
  const OrderId id = shop->sell();
  ASSERT_TRUE(run_until(*shop, processes, [&] { return shop->record.dead_letters(10, kWithin)->size() == 1; }));
  EXPECT_TRUE(shop->sweep());
  EXPECT_EQ(shop->intake.look(kWithin)->waiting[0], 0u) << "a dead letter is not offered";
  broken = false;
  ASSERT_EQ(shop->decide(Unpark{id}), Outcome::done);
  ASSERT_TRUE(run_until_finished());
  EXPECT_EQ(shop->status(id), OrderStatus::confirmed);
  check_money();
}

TEST_F(StreamQueueTest, DeadWorkersOrdersAreTakenOver) {
  start("one");
  shop->bank.latency = milliseconds(100);
  std::vector<OrderId> sold;
  for (int i = 0; i < 50; ++i) sold.push_back(shop->sell());
  ASSERT_TRUE(run_until(*shop, processes, [&] { return shop->bank.in_flight > 20; }));
  processes[0]->kill();
  shop->bank.latency = milliseconds(2);
  WorkerProcess& two = start("two");
  ASSERT_TRUE(run_until(*shop, processes, [&] { return all_finished(); })) << "without any sweep";
  check_money();
  EXPECT_EQ(two.worker.view().confirmed, 50u);
  EXPECT_GT(shop->bank.lookups.size(), 0u) << "what the dead one began is looked up before it is charged";
}

TEST_F(StreamQueueTest, FrozenWorkerThatWakesUpSpoilsNothing) {
  WorkerProcess& one = start("one", milliseconds(150));
  shop->bank.latency = milliseconds(50);
  for (int i = 0; i < 20; ++i) shop->sell();
  ASSERT_TRUE(run_until(*shop, processes, [&] { return shop->bank.in_flight > 10; }));
  // Only the other one turns; the bank answers the frozen one all the same.
  std::vector<std::unique_ptr<WorkerProcess>> others;
  others.push_back(std::make_unique<WorkerProcess>(*shop, "two", milliseconds(150)));
  ASSERT_TRUE(run_until(*shop, others, [&] { return all_finished(); }));
  ASSERT_TRUE(run_until(*shop, processes, [&] { return one.worker.idle(); }));
  EXPECT_GT(one.worker.view().lost, 0u);
  check_money();
}

TEST_F(StreamQueueTest, ForgottenQueueIsFilledAgainByASweep) {
  start("one");
  start("two");
  for (int i = 0; i < 100; ++i) shop->sell();
  ASSERT_TRUE(run_until(*shop, processes, [&] { return shop->bank.in_flight > 5; }));
  server->say({"FLUSHALL"});
  ASSERT_TRUE(run_until_finished());
  check_money();
}

TEST_F(StreamQueueTest, WorkerThatDropsEverythingKeepsNoLeaseOfWhatWasStillItsOwn) {
  WorkerProcess& one = start("one", milliseconds(60'000));
  shop->bank.latency = milliseconds(500);
  for (int i = 0; i < 20; ++i) shop->sell();
  ASSERT_TRUE(run_until(*shop, processes, [&] { return shop->bank.in_flight == 20; }));
  server->say({"FLUSHALL"});
  for (int i = 0; i < 20; ++i) shop->sell();
  ASSERT_TRUE(run_until(*shop, processes, [&] { return one.worker.view().lost > 20; })) << "old ones and new ones";
  shop->bank.latency = milliseconds(2);
  ASSERT_TRUE(run_until_finished()) << "without waiting for a lease to lapse";
  check_money();
}

TEST_F(StreamQueueTest, RedisThatIsAwayStopsNothingThatIsUnderWay) {
  WorkerProcess& one = start("one");
  shop->bank.latency = milliseconds(100);
  std::vector<OrderId> sold;
  for (int i = 0; i < 30; ++i) sold.push_back(shop->sell());
  ASSERT_TRUE(run_until(*shop, processes, [&] { return shop->bank.in_flight == 30; }));
  server->kill();
  ASSERT_TRUE(run_until(*shop, processes, [&] {
    return std::all_of(sold.begin(), sold.end(),
                       [&](OrderId id) { return shop->status(id) == OrderStatus::confirmed; });
  })) << "paid and confirmed without Redis";
  EXPECT_TRUE(one.queue.is_away());
  server->start();
  ASSERT_TRUE(run_until_finished());
  EXPECT_FALSE(one.queue.is_away());
  check_money();
}

TEST_F(StreamQueueTest, UnknownOutcomesComeRight) {
  start("one").ledger.lose_every = 3;
  start("two").ledger.lose_every = 4;
  for (int i = 0; i < 60; ++i) shop->sell();
  ASSERT_TRUE(run_until_finished());
  check_money();
}

TEST_F(StreamQueueTest, LeavingWorkerGivesEverythingBack) {
  WorkerProcess& one = start("one", milliseconds(60'000));
  shop->bank.latency = milliseconds(3'000);
  for (int i = 0; i < 20; ++i) shop->sell();
  ASSERT_TRUE(run_until(*shop, processes, [&] { return shop->bank.in_flight == 20; }));
  one.worker.abandon();
  one.queue.stop(milliseconds(2000));
  one.kill();
  shop->bank.latency = milliseconds(2);
  start("two", milliseconds(60'000));
  ASSERT_TRUE(run_until(*shop, processes, [&] { return all_finished(); })) << "without waiting for a lease to lapse";
  check_money();
}

TEST_F(StreamQueueTest, WhatAPausedWorkerDoesNotFetchGoesToOthers) {
  WorkerProcess& one = start("one", milliseconds(60'000));
  one.round();  // asks
  one.worker.pause(true);
  for (int i = 0; i < 10; ++i) shop->sell();
  ASSERT_TRUE(run_until(*shop, processes, [&] { return shop->intake.look(kWithin)->leased[0] == 10; }));
  start("two", milliseconds(60'000));
  ASSERT_TRUE(run_until(*shop, processes, [&] { return all_finished(); }));
  EXPECT_EQ(one.worker.view().confirmed, 0u);
}

TEST_F(StreamQueueTest, RunsOnItsThread) {
  WorkerProcess& one = start("one");
  one.queue.start();
  for (int i = 0; i < 100; ++i) shop->sell();
  const SteadyTime until = shop->clock.steady() + std::chrono::seconds(20);
  while (!all_finished() && shop->clock.steady() < until) {
    one.ledger.deliver();
    one.queue.turn();
    one.loop.turn();
    shop->bank.turn(shop->clock.steady());
    std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_TRUE(all_finished());
  one.worker.abandon();
  one.queue.stop(milliseconds(1000));
  check_money();
}

}  // namespace
}  // namespace scalemart
