// A process that dies, or stands still, between any two writes of a batch: whoever comes next finishes what it began.
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "tests/record/mongodb_shop.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;
using mongo::Writing;

struct Died {};

/// Dies before the n-th write of a kind.
mongo::Claims::Hook dying_before(Writing step, int nth) {
  return [step, left = std::make_shared<int>(nth)](Writing next) {
    if (next == step && --*left == 0) throw Died();
  };
}

std::string name_of(Writing step, int nth) {
  return "before write " + std::to_string(static_cast<int>(step)) + " of product " + std::to_string(nth);
}

class MongoCrash : public test::MongoShop {
 protected:
  const ProductRef shoe_ = create("shoe", 10), hat_ = create("hat", 10);

  /// Everything a claim can hold, about two products; with an order that is there already.
  struct Story {
    Reserve first, shoe, more, hat;
    std::vector<Command> commands;
  };
  Story story() {
    Story s{buy(1, shoe_, 1), buy(2, shoe_, 2), buy(3, shoe_, 3), buy(2, hat_, 4), {}};
    EXPECT_EQ(one(s.first).fate, Fate::committed);
    s.commands = {s.shoe,
                  s.hat,
                  Cancel{s.first.order, s.first.buyer},
                  AdjustStock{shoe_, 5, "found"},
                  s.more,
                  SetPaused{hat_, true}};
    return s;
  }
  /// A product's share happened whole, or not at all.
  void expect_whole(const Story& s) {
    const bool shoe_sold = find(s.shoe.order).has_value(), hat_sold = find(s.hat.order).has_value();
    EXPECT_EQ(find(s.more.order).has_value(), shoe_sold);
    EXPECT_EQ(find(s.first.order)->status, shoe_sold ? OrderStatus::cancelled : OrderStatus::pending);
    EXPECT_EQ(product(shoe_).stock.total, shoe_sold ? 15 : 10);
    EXPECT_EQ(product(shoe_).stock.held, shoe_sold ? 2 : 1);
    EXPECT_EQ(product(hat_).stock.held, hat_sold ? 1 : 0);
    EXPECT_EQ(product(hat_).paused, hat_sold);
  }
  /// The same again under other order ids, as a buyer's next try: the answer is the first one's, where there was one.
  void expect_same_answer(const Reserve& before) {
    const bool was_there = find(before.order).has_value();
    Reserve again = before;
    again.order = {78, before.order.lo};
    const RecordedBatch batch = one(again);
    ASSERT_EQ(batch.fate, Fate::committed) << batch.why;
    EXPECT_EQ(batch.answers[0].outcome, was_there ? Outcome::replayed : Outcome::done);
    EXPECT_EQ(batch.answers[0].order, was_there ? before.order : again.order);
  }
};

TEST_F(MongoCrash, WhoeverComesNextFinishesIt) {
  for (int step = 0; step <= static_cast<int>(Writing::end); ++step)
    for (int nth = 1; nth <= 2; ++nth) {
      const Writing dies = static_cast<Writing>(step);
      SCOPED_TRACE(name_of(dies, nth));
      const auto fresh = test::fresh_mongodb();
      record_ = test::open_record(fresh, clock_);
      create("shoe", 10);
      create("hat", 10);
      const Story s = story();
      const auto doomed = test::open_record(fresh, clock_, dying_before(dies, nth));
      EXPECT_THROW(static_cast<void>(doomed->commit(s.commands, now_, kPatience)), Died);
      expect_whole(s);
      EXPECT_EQ(find(s.shoe.order).has_value(), step > 0 || nth == 2) << "a claim is what decides";
      EXPECT_EQ(find(s.hat.order).has_value(), nth == 2 && step > 0);
      expect_same_answer(s.shoe);
      if (!product(hat_).paused) expect_same_answer(s.hat);
      expect_no_drift();
    }
}

TEST_F(MongoCrash, EveryReadFindsWhatWasClaimed) {
  const Reserve lost = buy(1, shoe_, 1);
  const Command command = lost;
  const auto doomed = another(dying_before(Writing::orders, 1));
  EXPECT_THROW(static_cast<void>(doomed->commit(std::span(&command, 1), now_, kPatience)), Died);
  EXPECT_EQ(product(shoe_).stock.held, 1) << "at once: the claim is in the product";
  const BuyerKey key[] = {{lost.buyer, lost.key}};
  const auto by_key = record_->find_by_key(key, kPatience);
  ASSERT_TRUE(by_key && (*by_key)[0]);
  EXPECT_EQ((*by_key)[0]->id, lost.order);
  EXPECT_EQ(record_->used_keys({}, 10, kPatience)->size(), 1U);
  EXPECT_EQ(record_->unfinished({}, 10, kPatience)->orders.size(), 1U);
}

TEST_F(MongoCrash, SweepFinishesWhatWasClaimed) {
  const Command command = buy(1, shoe_, 1);
  const auto doomed = another(dying_before(Writing::settlement, 1));
  EXPECT_THROW(static_cast<void>(doomed->commit(std::span(&command, 1), now_, kPatience)), Died);
  const auto sweep = record_->unfinished({}, 10, kPatience);
  ASSERT_TRUE(sweep.has_value()) << sweep.error().message;
  EXPECT_EQ(sweep->orders.size(), 1U);
  mongo::Document claimed, any;
  claimed.add("claimed", any.add("$exists", true));
  EXPECT_FALSE(*other()->find_one("products", std::move(claimed))) << "nothing is left";
}

TEST_F(MongoCrash, ProductHalfMadeIsFinishedAndItsNameIsTaken) {
  for (const Writing step : {Writing::claim, Writing::records, Writing::settlement}) {
    SCOPED_TRACE(static_cast<int>(step));
    const std::string id = "cap-" + std::to_string(static_cast<int>(step));
    const Command command = CreateProduct{spec(id), 3};
    const auto doomed = another(dying_before(step, 1));
    EXPECT_THROW(static_cast<void>(doomed->commit(std::span(&command, 1), now_, kPatience)), Died);
    const RecordedBatch again = one(command);
    ASSERT_EQ(again.fate, Fate::committed) << again.why;
    EXPECT_EQ(again.answers[0].outcome, step == Writing::claim ? Outcome::done : Outcome::product_exists);
    EXPECT_EQ(one(buy(1, again.answers[0].product)).answers.at(0).outcome, Outcome::done);
    expect_no_drift();
  }
}

TEST_F(MongoCrash, HoldsThatWereEndingEndOnce) {
  for (int step = 0; step <= static_cast<int>(Writing::end); ++step) {
    SCOPED_TRACE(step);
    const Reserve held = buy(1, shoe_);
    ASSERT_EQ(one(held).fate, Fate::committed);
    const Command expire = ExpireDue{10};
    const WallTime later{now_.ms + 60'000 * (step + 1)};
    const auto doomed = another(dying_before(static_cast<Writing>(step), 1));
    EXPECT_THROW(static_cast<void>(doomed->commit(std::span(&expire, 1), later, kPatience)), Died);
    ASSERT_EQ(record_->commit(std::span(&expire, 1), later, kPatience).fate, Fate::committed);
    EXPECT_EQ(one(Begin{held.order, 1}).answers.at(0).outcome, Outcome::invalid_state);
    EXPECT_EQ(find(held.order)->status, OrderStatus::expired);
    EXPECT_EQ(product(shoe_).stock.available, 10);
    expect_no_drift();
  }
}

TEST_F(MongoCrash, KeyThatWasUsedElsewhereMeanwhileGivesTheUnitsBack) {
  const Command first = buy(1, shoe_, 42);
  const auto doomed = another(dying_before(Writing::orders, 1));
  EXPECT_THROW(static_cast<void>(doomed->commit(std::span(&first, 1), now_, kPatience)), Died);
  const Reserve second = buy(1, hat_, 42);  // asks nothing of the shoe: it cannot know
  EXPECT_EQ(one(second).answers.at(0).outcome, Outcome::done);
  EXPECT_EQ(one(buy(1, shoe_, 42)).answers.at(0).outcome, Outcome::idempotency_conflict);
  EXPECT_FALSE(find(std::get<Reserve>(first).order).has_value());
  EXPECT_EQ(product(shoe_).stock.held, 0);
  EXPECT_EQ(product(shoe_).stock.available, 10);
  EXPECT_EQ(product(shoe_).accepted, 0U);
  EXPECT_EQ(product(hat_).stock.held, 1);
  expect_no_drift();
}

TEST_F(MongoCrash, OwnerThatStoodStillChangesNothingAnyMore) {
  for (int step = static_cast<int>(Writing::orders); step <= static_cast<int>(Writing::settlement); ++step) {
    SCOPED_TRACE(step);
    const auto fresh = test::fresh_mongodb();
    record_ = test::open_record(fresh, clock_);
    create("shoe", 10);
    create("hat", 10);
    const Story s = story();
    std::promise<void> stands, may_go;
    auto go = may_go.get_future();
    std::atomic<bool> stood{false};
    const auto slow = test::open_record(fresh, clock_, [&](Writing next) {
      if (static_cast<int>(next) != step || stood.exchange(true)) return;
      stands.set_value();
      go.wait();
    });
    RecordedBatch late;
    std::thread owner([&] { late = slow->commit(s.commands, now_, kPatience); });
    stands.get_future().wait();
    // Another process takes over, and goes on.
    EXPECT_EQ(one(Cancel{s.shoe.order, s.shoe.buyer}).answers.at(0).outcome, Outcome::done);
    EXPECT_EQ(one(Begin{s.more.order, 1}).answers.at(0).outcome, Outcome::done);
    EXPECT_EQ(one(Confirm{s.more.order, 1, "paid"}).answers.at(0).outcome, Outcome::done);
    may_go.set_value();
    owner.join();
    EXPECT_EQ(late.fate, Fate::committed) << late.why;
    EXPECT_EQ(late.answers.at(0).outcome, Outcome::done);
    EXPECT_EQ(find(s.shoe.order)->status, OrderStatus::cancelled);
    EXPECT_EQ(find(s.more.order)->status, OrderStatus::confirmed);
    EXPECT_EQ(find(s.first.order)->status, OrderStatus::cancelled);
    EXPECT_EQ(product(shoe_).stock.sold, 1);
    EXPECT_EQ(product(shoe_).stock.available, 14);
    expect_no_drift();
  }
}

}  // namespace
}  // namespace scalemart
