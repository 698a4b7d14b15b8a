// Dead letters of a record that several processes share.
#include "fulfilment/shared/dead_letters.hpp"

#include <gmock/gmock.h>

#include "base/await.hpp"
#include "tests/desk/fakes.hpp"

namespace scalemart::testing {
namespace {

using namespace std::chrono_literals;

/// One gateway's dead letters, over a record, a bank and marks that others may have as well.
struct Gateway {
  Gateway(RecordShop& shop, ScriptedBank& bank, ProcessRegistry& marks, std::uint64_t seed)
      : random(seed),
        letters({shop.record,
                 [this, &shop](const Command& command, const std::function<void(const Answer&)>& then) {
                   if (busy) return false;
                   then(shop.decide(command));
                   return true;
                 },
                 bank, marks, random, [this](const OpenOrder& order) { offered.push_back(order); }, shop.clock,
                 [](ProductRef) { return Currency{}; }}) {}
  Outcome retry(OrderId order) {
    return *await<Outcome>([&](auto done) { return letters.retry(order, done), true; });
  }
  Outcome discard(OrderId order) {
    return *await<Outcome>([&](auto done) { return letters.discard(order, done), true; });
  }
  DeadLetterPage list(const DeadLetterSearch& search = {}) {
    return *await<DeadLetterPage>([&](auto done) { return letters.list(search, done), true; });
  }
  bool busy = false;
  std::vector<OpenOrder> offered;
  SeededRandom random;
  DeadLetters letters;
};

struct DeadLettersTest : ::testing::Test {
  RecordShop shop;
  ScriptedBank bank{shop.clock};
  FakeRegistry marks{shop.clock};
  Gateway one{shop, bank, marks, 1}, two{shop, bank, marks, 2};
};

std::vector<OrderId> ids(const DeadLetterPage& page) {
  std::vector<OrderId> found;
  for (const DeadLetter& letter : page.letters) found.push_back(letter.order.id);
  return found;
}

TEST_F(DeadLettersTest, AreFoundByWhatTheyAreInOrderOfAcceptance) {
  std::vector<OrderId> orders;
  for (int i = 0; i < 5; ++i) orders.push_back(shop.sell());
  for (const int i : {3, 1, 0, 4, 2})
    shop.park(orders[static_cast<std::size_t>(i)], Step::payment, "bank " + std::to_string(i));
  EXPECT_EQ(ids(one.list()), orders);
  const DeadLetterPage page = one.list({.limit = 2});
  EXPECT_EQ(ids(page), std::vector(orders.begin(), orders.begin() + 2));
  EXPECT_EQ(page.more, 3u);
  EXPECT_EQ(ids(two.list({.after = place_of(page.letters.back().order)})),
            std::vector(orders.begin() + 2, orders.end()));
  EXPECT_EQ(ids(one.list({.step = Step::payment, .product = ProductRef{0}, .reason = "k 3"})), std::vector{orders[3]});
  EXPECT_TRUE(ids(one.list({.step = Step::mail})).empty());
  EXPECT_TRUE(ids(one.list({.product = ProductRef{1}})).empty());
}

TEST_F(DeadLettersTest, OneThatIsTriedAgainIsOfferedToTheWorkers) {
  const OrderId order = shop.sell();
  shop.park(order, Step::payment);
  EXPECT_EQ(one.retry(order), Outcome::done);
  ASSERT_EQ(one.offered.size(), 1u);
  EXPECT_EQ(one.offered[0].id, order);
  EXPECT_EQ(one.offered[0].fence, shop.fence);
  EXPECT_EQ(one.offered[0].attempts, 0u);
  EXPECT_TRUE(one.offered[0].unresolved) << "nobody knows what became of earlier charges";
  EXPECT_TRUE(ids(two.list()).empty());
  EXPECT_EQ(two.retry(order), Outcome::order_not_found);
  EXPECT_EQ(one.discard(order), Outcome::order_not_found);
  EXPECT_EQ(one.retry({7, 7}), Outcome::order_not_found);
  // It fails again: nothing of the first retry stands in the way, once its thread has come so far.
  one.list();
  shop.park(order, Step::payment);
  EXPECT_EQ(two.discard(order), Outcome::done);
}

TEST_F(DeadLettersTest, UnitsOfADiscardedOrderComeBackOnlyWhenItsMoneyIsSafe) {
  const OrderId order = shop.sell();
  shop.park(order, Step::payment);
  bank.cancel_fails = true;
  EXPECT_EQ(one.discard(order), Outcome::overloaded);
  EXPECT_EQ(shop.status(order), OrderStatus::processing);
  bank.cancel_fails = false;
  EXPECT_EQ(two.discard(order), Outcome::done);
  EXPECT_EQ(shop.status(order), OrderStatus::failed);
  EXPECT_TRUE(bank.accounts.at(order).cancelled);
  EXPECT_TRUE(two.offered.empty());
}

TEST_F(DeadLettersTest, WhatOneGatewayDiscardsNoOtherTriesAgain) {
  const OrderId order = shop.sell();
  shop.park(order, Step::payment);
  bank.hold_cancels = true;
  std::vector<Outcome> heard;
  one.letters.discard(order, [&](Outcome outcome) { heard.push_back(outcome); });
  one.list();  // its thread has come so far
  ASSERT_EQ(bank.held_cancels.size(), 1u);
  EXPECT_EQ(two.retry(order), Outcome::invalid_state);
  EXPECT_EQ(one.retry(order), Outcome::invalid_state);
  bank.held_cancels[0]({PaymentOutcome::unknown, {}, "no answer"});
  one.list();
  EXPECT_EQ(heard, std::vector{Outcome::overloaded});
  EXPECT_EQ(two.retry(order), Outcome::invalid_state) << "the cancellation may still arrive";
  EXPECT_EQ(two.offered.size(), 0u);
  bank.hold_cancels = false;
  EXPECT_EQ(two.discard(order), Outcome::done) << "it can still be discarded";
}

TEST_F(DeadLettersTest, ARefusedCancellationLeavesTheOrderFree) {
  const OrderId order = shop.sell();
  shop.park(order, Step::payment);
  bank.cancel_fails = true;
  EXPECT_EQ(one.discard(order), Outcome::overloaded);
  one.list();
  EXPECT_EQ(two.retry(order), Outcome::done) << "nothing is on its way";
}

TEST_F(DeadLettersTest, WhatIsBeingTriedAgainIsNotDiscarded) {
  const OrderId order = shop.sell();
  shop.park(order, Step::payment);
  ASSERT_TRUE(marks.beat("retry/" + to_string(order) + "/77", "", 60s, 1s));
  EXPECT_EQ(two.discard(order), Outcome::invalid_state);
  EXPECT_FALSE(bank.accounts[order].cancelled);
  shop.clock.advance(61s);  // who left the mark is dead
  EXPECT_EQ(two.discard(order), Outcome::done);
}

TEST_F(DeadLettersTest, PapersAreTriedAgainOrSkippedWithoutTheBank) {
  marks.away = true;  // nor are marks needed
  const OrderId invoice = shop.sell(), mail = shop.sell(), again = shop.sell();
  for (const OrderId order : {invoice, mail, again}) shop.confirm(order);
  shop.park(invoice, Step::invoice);
  shop.begin(mail);
  ASSERT_EQ(shop.decide(FinishStep{mail, shop.fence, Step::invoice}).outcome, Outcome::done);
  shop.park(mail, Step::mail);
  shop.park(again, Step::invoice);
  EXPECT_EQ(one.discard(invoice), Outcome::done);
  EXPECT_EQ(one.discard(mail), Outcome::done);
  EXPECT_EQ(one.retry(again), Outcome::done);
  ASSERT_EQ(one.offered.size(), 2u) << "the mail was the last step";
  EXPECT_EQ(one.offered[0].id, invoice);
  EXPECT_EQ(one.offered[0].step(), Step::mail);
  EXPECT_EQ(one.offered[1].step(), Step::invoice);
  EXPECT_FALSE(one.offered[1].unresolved);
  EXPECT_TRUE(bank.accounts.empty());
}

TEST_F(DeadLettersTest, NothingBeginsWhileMarksOrLedgerAreAway) {
  const OrderId order = shop.sell();
  shop.park(order, Step::payment);
  marks.away = true;
  EXPECT_EQ(one.retry(order), Outcome::unavailable);
  EXPECT_EQ(one.discard(order), Outcome::unavailable);
  marks.away = false;
  one.busy = true;
  EXPECT_EQ(one.retry(order), Outcome::overloaded);
  one.busy = false;
  EXPECT_EQ(one.retry(order), Outcome::done);
  one.letters.stop();
  EXPECT_EQ(one.retry(order), Outcome::overloaded);
  EXPECT_FALSE(one.list().available);
}

}  // namespace
}  // namespace scalemart::testing
