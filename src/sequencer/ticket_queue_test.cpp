#include "sequencer/ticket_queue.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "sequencer/fakes_for_test.hpp"

namespace scalemart {
namespace {

Ticket ticket(Command command) {
  Ticket t;
  t.command = std::move(command);
  return t;
}

TEST(TicketQueue, BuysAndOthersHaveSeparateRoom) {
  TicketQueue queue({.buys = 2, .others = 1, .reads = 1});
  EXPECT_TRUE(queue.push(ticket(test::buy(1))));
  EXPECT_TRUE(queue.push(ticket(test::buy(2))));
  EXPECT_FALSE(queue.push(ticket(test::buy(3))));
  EXPECT_TRUE(queue.push(ticket(Cancel{})));
  EXPECT_FALSE(queue.push(ticket(Cancel{})));
  EXPECT_TRUE(queue.push([](const Ledger&, Journal&) {}));
  EXPECT_FALSE(queue.push([](const Ledger&, Journal&) {}));
}

TEST(TicketQueue, WhatIsTakenButNotDecidedStillCounts) {
  TicketQueue queue({.buys = 2, .others = 2, .reads = 2});
  TicketQueue::Taken taken;
  std::vector<TicketQueue::Read> reads;
  EXPECT_TRUE(queue.push(ticket(test::buy(1))));
  EXPECT_TRUE(queue.push(ticket(test::buy(2))));
  queue.take(taken, reads);
  EXPECT_EQ(taken.size(), 2U);
  EXPECT_FALSE(queue.push(ticket(test::buy(3))));
  taken.next_buy = 2;
  queue.take(taken, reads);
  EXPECT_TRUE(queue.push(ticket(test::buy(3))));
  EXPECT_EQ(queue.depth().buys, 1U);
}

TEST(TicketQueue, WhatIsDecidedMakesRoomBeforeTheNextTake) {
  TicketQueue queue({.buys = 1, .others = 1, .reads = 1});
  TicketQueue::Taken taken;
  std::vector<TicketQueue::Read> reads;
  EXPECT_TRUE(queue.push(ticket(test::buy(1))));
  EXPECT_TRUE(queue.push(ticket(Cancel{})));
  queue.take(taken, reads);
  taken.next_buy = 1;
  EXPECT_EQ(queue.release(taken), 0U);
  EXPECT_TRUE(queue.push(ticket(test::buy(2)))) << "a sequencer that sleeps now would never be woken";
  EXPECT_FALSE(queue.push(ticket(Cancel{}))) << "the one before is still to be decided";
  EXPECT_EQ(queue.release(taken), 1U);
}

TEST(TicketQueue, ClosedTakesNothingButGivesOutWhatItHas) {
  TicketQueue queue({});
  EXPECT_TRUE(queue.push(ticket(test::buy(1))));
  queue.close();
  EXPECT_FALSE(queue.push(ticket(test::buy(2))));
  EXPECT_FALSE(queue.push([](const Ledger&, Journal&) {}));
  TicketQueue::Taken taken;
  std::vector<TicketQueue::Read> reads;
  queue.take(taken, reads);
  EXPECT_EQ(taken.size(), 1U);
  EXPECT_EQ(queue.wait(5, std::nullopt), 0U) << "closed: no reason to wait";
}

TEST(TicketQueue, SleeperWakesAtItsTarget) {
  TicketQueue queue({});
  std::atomic<bool> awake{false};
  std::thread sleeper([&] {
    EXPECT_EQ(queue.wait(3, std::nullopt), 3U);
    awake = true;
  });
  EXPECT_TRUE(queue.push(ticket(test::buy(1))));
  EXPECT_TRUE(queue.push(ticket(Cancel{})));
  EXPECT_FALSE(awake.load());
  EXPECT_TRUE(queue.push(ticket(test::buy(2))));
  sleeper.join();
}

TEST(TicketQueue, ReadWakesTheSleeper) {
  TicketQueue queue({});
  std::thread sleeper([&] { EXPECT_EQ(queue.wait(3, std::nullopt), 0U); });
  EXPECT_TRUE(queue.push([](const Ledger&, Journal&) {}));
  sleeper.join();
  EXPECT_EQ(queue.wait(3, std::chrono::nanoseconds(0)), 0U);
}

}  // namespace
}  // namespace scalemart
