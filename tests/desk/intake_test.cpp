// What this process sells and what a sweep finds, on their way into a queue that all processes share.
#include "fulfilment/shared/order_feeder.hpp"
#include "fulfilment/shared/sweeper.hpp"
#include "tests/desk/fakes.hpp"

namespace scalemart::testing {
namespace {

using namespace std::chrono_literals;

struct FeederTest : ::testing::Test {
  RecordShop shop;
  FakeQueue queue;
  int offered = 0, lost = 0;
  OrderFeeder feeder{queue, {[this] { ++offered; }, [this] { ++lost; }}, {3, 1ms, 1000ms}};
};

TEST_F(FeederTest, NewOrdersOfABatchAreOfferedWithTheirPrices) {
  const Reserve first = shop.buy(), second = shop.buy();
  Reserve unknown = shop.buy();
  unknown.product = ProductRef{9};
  const RecordedBatch batch = shop.commit({first, unknown, second, Cancel{first.order, first.buyer}});
  feeder.sold(batch);
  EXPECT_TRUE(feeder.step());
  EXPECT_FALSE(feeder.step());
  ASSERT_EQ(queue.queued.size(), 2u);
  const OpenOrder& order = queue.queued.at(second.order);
  EXPECT_EQ(order.buyer, second.buyer);
  EXPECT_EQ(order.unit_price, 100);
  EXPECT_EQ(order.quantity, 1);
  EXPECT_EQ(order.created, shop.clock.wall());
  EXPECT_GT(order.sequence, queue.queued.at(first.order).sequence);
  EXPECT_EQ(order.fence, 0u);
  EXPECT_FALSE(order.unresolved);
  EXPECT_EQ(offered, 1);
  EXPECT_EQ(lost, 0);
}

TEST_F(FeederTest, WhatIsTooMuchOrDoesNotArriveIsLeftToASweep) {
  std::vector<Command> buys;
  for (int i = 0; i < 5; ++i) buys.emplace_back(shop.buy());
  feeder.sold(shop.commit(buys));
  EXPECT_TRUE(feeder.step());
  EXPECT_EQ(queue.queued.size(), 3u);
  EXPECT_EQ(lost, 1);
  queue.away = true;
  feeder.sold(shop.commit({shop.buy()}));
  EXPECT_TRUE(feeder.step());
  EXPECT_EQ(lost, 2);
  queue.away = false;
  EXPECT_FALSE(feeder.step()) << "nothing is kept here";
}

TEST_F(FeederTest, ItsThreadOffersWhatWaitsBeforeItEnds) {
  feeder.sold(shop.commit({shop.buy()}));
  feeder.start();
  feeder.sold(shop.commit({shop.buy()}));
  feeder.stop();
  EXPECT_EQ(queue.queued.size(), 2u);
}

struct SweeperTest : ::testing::Test {
  /// Steps for so long, simulated.
  void pass(std::chrono::nanoseconds time) {
    for (const auto end = shop.clock.steady() + time; shop.clock.steady() < end; shop.clock.advance(100ms))
      for (int i = 0; i < 20; ++i) sweeper.step();
  }
  RecordShop shop;
  FakeQueue queue;
  SweeperSettings settings{10'000ms, 1000ms, 3, 3, 1000ms};
  Sweeper sweeper{shop.record, queue, shop.clock, settings};
};

TEST_F(SweeperTest, EveryUnfinishedOrderIsOfferedAndNoDeadLetter) {
  std::vector<OrderId> orders;
  for (int i = 0; i < 10; ++i) orders.push_back(shop.sell());
  shop.begin(orders[0]);
  shop.confirm(orders[1]);
  shop.park(orders[2], Step::payment);
  shop.decide(Cancel{orders[3], {2, 4}});
  pass(100ms);
  EXPECT_EQ(sweeper.walks(), 1u);
  ASSERT_EQ(queue.queued.size(), 8u);
  EXPECT_FALSE(queue.queued.contains(orders[2]));
  EXPECT_FALSE(queue.queued.contains(orders[3]));
  EXPECT_TRUE(queue.queued.at(orders[0]).unresolved) << "a charge may have been made";
  EXPECT_GT(queue.queued.at(orders[0]).fence, 0u);
  EXPECT_EQ(queue.queued.at(orders[1]).lane, Lane::paper);
  EXPECT_FALSE(queue.queued.at(orders[4]).unresolved);
}

TEST_F(SweeperTest, WalksFromTimeToTime) {
  for (int i = 0; i < 4; ++i) shop.sell();
  pass(100ms);
  EXPECT_EQ(sweeper.walks(), 1u);
  queue.queued.clear();
  pass(9s);
  EXPECT_TRUE(queue.queued.empty());
  pass(2s);
  EXPECT_EQ(queue.queued.size(), 4u);
  EXPECT_EQ(sweeper.walks(), 2u);
}

TEST_F(SweeperTest, HurriesWhenSomethingWasLost) {
  const OrderId order = shop.sell();
  pass(100ms);
  queue.queued.clear();
  sweeper.hurry();
  pass(1200ms);
  EXPECT_TRUE(queue.queued.contains(order));
}

TEST_F(SweeperTest, BeginsAnewWhenTheQueueIsBack) {
  for (int i = 0; i < 7; ++i) shop.sell();
  sweeper.step();
  EXPECT_EQ(queue.queued.size(), 3u);
  queue.away = true;
  pass(5s);
  EXPECT_EQ(sweeper.walks(), 0u);
  EXPECT_LT(queue.offers, 10) << "a queue that is away is asked about once a second";
  queue.away = false;
  queue.queued.clear();  // it forgot what it had been given
  pass(1200ms);
  EXPECT_EQ(queue.queued.size(), 7u);
  EXPECT_EQ(sweeper.walks(), 1u);
}

}  // namespace
}  // namespace scalemart::testing
