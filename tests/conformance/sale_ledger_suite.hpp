#pragma once
// What every SaleLedger must do, whatever stands behind it. A backend names itself with a Bench class and
// runs the whole suite:
//
//   INSTANTIATE_TYPED_TEST_SUITE_P(MyBackend, SaleLedgerConformance, MyBench);
//
// A Bench has: SaleLedger& ledger(); OrderBook& book(); void set_time(WallTime); void restart(), which ends
// the process behind the ledger without a goodbye and brings it back from what is durable.

#include <gtest/gtest.h>

#include <future>
#include <set>
#include <thread>
#include <vector>

#include "flow/ask.hpp"
#include "port/sale_ledger.hpp"

namespace scalemart::conformance {

template <class Bench>
class SaleLedgerConformance : public ::testing::Test {
 protected:
  static constexpr std::int64_t kStart = 1'800'000'000'000;
  SaleLedgerConformance() { at(0); }

  void at(std::int64_t ms) { bench.set_time({kStart + ms}); }

  Answer ask(Command command) {
    std::promise<Answer> answer;
    auto future = answer.get_future();
    EXPECT_TRUE(
        scalemart::ask(bench.ledger(), std::move(command), [&answer](const Answer& a) { answer.set_value(a); }));
    return future.get();
  }
  Answer create(const std::string& id, std::int64_t total, SaleTerms terms = {}) {
    auto spec = std::make_shared<ProductSpec>();
    spec->id = id;
    spec->details.name = id;
    spec->terms = terms;
    return ask(CreateProduct{spec, total});
  }
  Reserve buy(std::uint64_t buyer, std::uint32_t quantity = 1, std::string_view key = {}, std::uint32_t product = 0) {
    return {{77, next_order++}, {5, buyer}, ProductRef{product},
            quantity,           60'000,     key.empty() ? KeyDigest{} : digest_key(key)};
  }
  std::optional<OrderView> find(OrderId id) {
    std::promise<std::optional<OrderView>> found;
    auto future = found.get_future();
    EXPECT_TRUE(bench.book().find(id, [&found](std::optional<OrderView> order) { found.set_value(std::move(order)); }));
    return future.get();
  }
  std::vector<OrderView> orders_of(std::uint64_t buyer, OrderId before, std::size_t limit) {
    std::promise<std::vector<OrderView>> found;
    auto future = found.get_future();
    EXPECT_TRUE(bench.book().of_buyer({5, buyer}, before, limit,
                                      [&found](std::vector<OrderView> orders) { found.set_value(std::move(orders)); }));
    return future.get();
  }

  Bench bench;
  std::atomic<std::uint64_t> next_order{1};
};

TYPED_TEST_SUITE_P(SaleLedgerConformance);

TYPED_TEST_P(SaleLedgerConformance, SellsWhatIsThereAndNothingMore) {
  this->create("shoe", 3);
  EXPECT_EQ(this->ask(this->buy(1, 2)).outcome, Outcome::done);
  const Answer refused = this->ask(this->buy(2, 2));
  EXPECT_EQ(refused.outcome, Outcome::out_of_stock) << "two of one left";
  EXPECT_EQ(this->ask(this->buy(2, 1)).outcome, Outcome::done) << "the refused buy took nothing";
  EXPECT_EQ(this->ask(this->buy(3)).outcome, Outcome::out_of_stock);
}

TYPED_TEST_P(SaleLedgerConformance, SoldOutIsFinalOnceNothingIsHeld) {
  this->create("shoe", 1);
  const Answer sold = this->ask(this->buy(1));
  EXPECT_FALSE(this->ask(this->buy(2)).final);
  this->ask(Begin{sold.order, 1});
  this->ask(Confirm{sold.order, 1, "ref"});
  EXPECT_TRUE(this->ask(this->buy(2)).final);
}

TYPED_TEST_P(SaleLedgerConformance, OneOrderForOneKeyOfOneBuyer) {
  this->create("shoe", 10);
  const Answer first = this->ask(this->buy(1, 2, "key"));
  const Answer again = this->ask(this->buy(1, 2, "key"));
  EXPECT_EQ(again.outcome, Outcome::replayed);
  EXPECT_EQ(again.order, first.order);
  EXPECT_EQ(again.sequence, first.sequence);
  EXPECT_EQ(this->ask(this->buy(1, 1, "key")).outcome, Outcome::idempotency_conflict);
  EXPECT_NE(this->ask(this->buy(2, 2, "key")).order, first.order);
}

TYPED_TEST_P(SaleLedgerConformance, CapCountsPendingAndConfirmedAndGivesBack) {
  SaleTerms terms;
  terms.per_user_limit = 3;
  this->create("shoe", 10, terms);
  const Answer held = this->ask(this->buy(1, 2));
  EXPECT_EQ(this->ask(this->buy(1, 2)).outcome, Outcome::purchase_limit);
  EXPECT_EQ(this->ask(this->buy(1, 1)).outcome, Outcome::done);
  EXPECT_EQ(this->ask(Cancel{held.order, {5, 1}}).outcome, Outcome::done);
  EXPECT_EQ(this->ask(this->buy(1, 2)).outcome, Outcome::done);
}

TYPED_TEST_P(SaleLedgerConformance, SellsInsideTheWindowOnly) {
  SaleTerms terms;
  terms.starts_at = WallTime{this->kStart + 1000};
  terms.ends_at = WallTime{this->kStart + 2000};
  this->create("shoe", 10, terms);
  EXPECT_EQ(this->ask(this->buy(1)).outcome, Outcome::sale_not_started);
  this->at(1000);
  EXPECT_EQ(this->ask(this->buy(1)).outcome, Outcome::done);
  this->ask(SetPaused{ProductRef{0}, true});
  EXPECT_EQ(this->ask(this->buy(1)).outcome, Outcome::sale_paused);
  this->ask(SetPaused{ProductRef{0}, false});
  this->at(2000);
  EXPECT_EQ(this->ask(this->buy(1)).outcome, Outcome::sale_ended);
}

TYPED_TEST_P(SaleLedgerConformance, UnitsComeBackOnce) {
  this->create("shoe", 1);
  const Answer held = this->ask(this->buy(1));
  EXPECT_EQ(this->ask(Cancel{held.order, {5, 9}}).outcome, Outcome::order_not_found) << "another's order";
  EXPECT_EQ(this->ask(Cancel{held.order, {5, 1}}).outcome, Outcome::done);
  EXPECT_EQ(this->ask(Cancel{held.order, {5, 1}}).outcome, Outcome::invalid_state);
  EXPECT_EQ(this->ask(this->buy(2)).outcome, Outcome::done);
  EXPECT_EQ(this->ask(this->buy(3)).outcome, Outcome::out_of_stock);
}

TYPED_TEST_P(SaleLedgerConformance, HoldsExpireUnlessPaymentHasBegun) {
  this->create("shoe", 2);
  const Answer idle = this->ask(this->buy(1));
  const Answer paying = this->ask(this->buy(2));
  this->ask(Begin{paying.order, 1});
  this->at(59'999);
  EXPECT_EQ(this->ask(ExpireDue{10}).count, 0U);
  this->at(60'000);
  EXPECT_EQ(this->ask(ExpireDue{10}).count, 1U);
  EXPECT_EQ(this->find(idle.order)->status, OrderStatus::expired);
  EXPECT_EQ(this->find(paying.order)->status, OrderStatus::processing);
}

TYPED_TEST_P(SaleLedgerConformance, StaleWorkersAreRefused) {
  this->create("shoe", 1);
  const Answer held = this->ask(this->buy(1));
  EXPECT_EQ(this->ask(Begin{held.order, 1}).outcome, Outcome::done);
  EXPECT_EQ(this->ask(Begin{held.order, 2}).outcome, Outcome::done);
  EXPECT_EQ(this->ask(Confirm{held.order, 1, "late"}).outcome, Outcome::stale_fence);
  EXPECT_EQ(this->ask(Decline{held.order, 2}).outcome, Outcome::done);
  EXPECT_EQ(this->ask(Confirm{held.order, 2, "too late"}).outcome, Outcome::invalid_state);
  EXPECT_EQ(this->find(held.order)->status, OrderStatus::failed);
}

TYPED_TEST_P(SaleLedgerConformance, RestockIsADelta) {
  this->create("shoe", 1);
  this->ask(this->buy(1));
  EXPECT_EQ(this->ask(AdjustStock{ProductRef{0}, -1, "lost"}).outcome, Outcome::invalid_value) << "the unit is held";
  EXPECT_EQ(this->ask(AdjustStock{ProductRef{0}, 1, "found"}).outcome, Outcome::done);
  EXPECT_EQ(this->ask(this->buy(2)).outcome, Outcome::done);
  EXPECT_EQ(this->ask(this->buy(3)).outcome, Outcome::out_of_stock);
}

TYPED_TEST_P(SaleLedgerConformance, OrdersAreVisibleWhenAnsweredNewestFirst) {
  this->create("shoe", 10);
  std::vector<OrderId> made;
  for (int i = 0; i < 5; ++i) made.push_back(this->ask(this->buy(1)).order);
  this->ask(this->buy(2));
  EXPECT_EQ(this->find(made[3])->buyer, (UserId{5, 1}));
  const auto page = this->orders_of(1, {}, 3);
  ASSERT_EQ(page.size(), 3U);
  EXPECT_EQ(page[0].id, made[4]);
  const auto rest = this->orders_of(1, page[2].id, 3);
  ASSERT_EQ(rest.size(), 2U);
  EXPECT_EQ(rest[1].id, made[0]);
}

TYPED_TEST_P(SaleLedgerConformance, AnswersFollowOneOrder) {
  this->create("shoe", 3);
  Sequence last = 0;
  for (int i = 0; i < 6; ++i) {
    const Answer answer = this->ask(this->buy(static_cast<std::uint64_t>(i)));
    EXPECT_GE(answer.sequence, last);
    if (answer.outcome == Outcome::done) {
      EXPECT_GT(answer.sequence, last);
    }
    last = answer.sequence;
  }
}

TYPED_TEST_P(SaleLedgerConformance, CrowdBuysEveryUnitExactlyOnce) {
  constexpr int kThreads = 8;
  constexpr int kBuysEach = 60;
  this->create("shoe", 100);
  std::atomic<int> sold{0};
  std::mutex mutex;
  std::set<Sequence> places;
  std::vector<std::thread> crowd;
  for (int t = 0; t < kThreads; ++t)
    crowd.emplace_back([&, t] {
      for (int i = 0; i < kBuysEach; ++i) {
        const Answer answer = this->ask(this->buy(static_cast<std::uint64_t>(t * 1000 + i)));
        if (answer.outcome != Outcome::done) continue;
        ++sold;
        const std::lock_guard lock(mutex);
        EXPECT_TRUE(places.insert(answer.sequence).second) << "two orders at one place";
      }
    });
  for (auto& thread : crowd) thread.join();
  EXPECT_EQ(sold, 100);
}

TYPED_TEST_P(SaleLedgerConformance, NothingAnsweredIsLostByADeath) {
  this->create("shoe", 3);
  const Answer kept = this->ask(this->buy(1, 1, "key"));
  const Answer paid = this->ask(this->buy(2));
  this->ask(Begin{paid.order, 7});
  this->bench.restart();
  this->at(10);
  EXPECT_EQ(this->find(kept.order)->status, OrderStatus::pending);
  EXPECT_EQ(this->find(paid.order)->status, OrderStatus::processing);
  EXPECT_EQ(this->ask(this->buy(1, 1, "key")).order, kept.order);
  EXPECT_EQ(this->ask(Begin{paid.order, 7}).outcome, Outcome::stale_fence) << "fences survive";
  EXPECT_EQ(this->ask(this->buy(3)).outcome, Outcome::done);
  EXPECT_EQ(this->ask(this->buy(4)).outcome, Outcome::out_of_stock);
}

REGISTER_TYPED_TEST_SUITE_P(SaleLedgerConformance, SellsWhatIsThereAndNothingMore, SoldOutIsFinalOnceNothingIsHeld,
                            OneOrderForOneKeyOfOneBuyer, CapCountsPendingAndConfirmedAndGivesBack,
                            SellsInsideTheWindowOnly, UnitsComeBackOnce, HoldsExpireUnlessPaymentHasBegun,
                            StaleWorkersAreRefused, RestockIsADelta, OrdersAreVisibleWhenAnsweredNewestFirst,
                            AnswersFollowOneOrder, CrowdBuysEveryUnitExactlyOnce, NothingAnsweredIsLostByADeath);

}  // namespace scalemart::conformance
