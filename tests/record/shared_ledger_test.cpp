// What a lane makes of the record's and the filter's answers. One thread, step by step; the crowd at the end.
#include "sequencer/shared_ledger.hpp"

#include <gtest/gtest.h>

#include "sequencer/ledger_record.hpp"
#include "tests/record/crowd.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

class Shared : public ::testing::Test, protected AnswerSink, protected BatchObserver {
 protected:
  void answers(std::span<const Item> items) noexcept override {
    items_.insert(items_.end(), items.begin(), items.end());
  }
  void committed(const RecordedBatch& batch) noexcept override {
    changes_.insert(changes_.end(), batch.changes.begin(), batch.changes.end());
  }

  void open(bool filtered, FlakyRecord::Faults faults = {}) {
    flaky_ = std::make_unique<FlakyRecord>(record_, random_, faults);
    options_.partitions = 2;
    options_.lane.observers = {this};
    ledger_ = std::make_unique<SharedLedger>(
        *flaky_, filtered ? &filter_ : nullptr, [this] { return clock_.wall(); }, clock_, options_);
  }
  Answer ask(Command command) {
    EXPECT_TRUE(ledger_->submit({std::move(command), this, 0, {}}));
    items_.clear();
    ledger_->run_until_idle();
    EXPECT_EQ(items_.size(), 1U);
    return items_.empty() ? Answer() : items_.front().answer;
  }
  void create(std::int64_t total) {
    auto spec = std::make_shared<ProductSpec>();
    spec->id = "shoe";
    spec->details.name = "Shoe";
    EXPECT_EQ(ask(CreateProduct{spec, total}).outcome, Outcome::done);
  }
  Reserve buy(std::uint64_t buyer, std::uint32_t quantity = 1) {
    return {{9, ++orders_}, {5, buyer}, ProductRef{0}, quantity, 60'000, {}};
  }
  std::int64_t available() { return record_.products(1s)->front().stock.available; }

  ManualClock clock_;
  SeededRandom random_{1};
  LedgerRecord record_;
  test::MemoryFilter filter_;
  SharedLedger::Options options_;
  std::unique_ptr<FlakyRecord> flaky_;
  std::unique_ptr<SharedLedger> ledger_;
  std::vector<Item> items_;
  std::vector<OrderChange> changes_;
  std::uint64_t orders_ = 0;
};

TEST_F(Shared, WhomTheFilterRefusesTheRecordIsNotAsked) {
  open(true);
  create(1);
  EXPECT_EQ(ask(buy(1)).outcome, Outcome::done);
  const Sequence before = record_.records();
  const Answer refused = ask(buy(2));
  EXPECT_EQ(refused.outcome, Outcome::out_of_stock);
  EXPECT_FALSE(refused.final) << "a unit is held";
  EXPECT_EQ(refused.sequence, before) << "of the product, as the filter knows it";
  EXPECT_EQ(filter_.refused, 1);
}

TEST_F(Shared, UnknownOutcomeKeepsItsUnitsTaken) {
  open(true);
  create(2);
  open(true, {.refused = 0, .lost_before = 1000, .lost_after = 0, .late = 0, .repeated = 0, .read_fails = 0});
  EXPECT_EQ(ask(buy(1)).outcome, Outcome::unknown);
  EXPECT_EQ(filter_.taken(), 1);
  flaky_->heal();
  EXPECT_EQ(ask(buy(2, 2)).outcome, Outcome::out_of_stock) << "undersell when unsure";
  EXPECT_EQ(ask(buy(3)).outcome, Outcome::done);
  filter_.forget();  // a rebuild reads the truth
  clock_.advance(1s);
  EXPECT_EQ(ask(buy(4)).outcome, Outcome::done);
}

TEST_F(Shared, WhenNothingHappenedUnitsGoBack) {
  open(true);
  create(1);
  open(true, {.refused = 1000, .lost_before = 0, .lost_after = 0, .late = 0, .repeated = 0, .read_fails = 0});
  EXPECT_EQ(ask(buy(1)).outcome, Outcome::unavailable);
  EXPECT_EQ(filter_.taken(), 0);
  flaky_->heal();
  EXPECT_EQ(ask(buy(1)).outcome, Outcome::done);
}

TEST_F(Shared, ClosedFilterIsRebuiltFromTheRecord) {
  open(true);
  create(1);
  EXPECT_EQ(ask(buy(1)).outcome, Outcome::done);
  filter_.forget();
  clock_.advance(1s);
  EXPECT_EQ(ask(buy(2)).outcome, Outcome::out_of_stock);
  EXPECT_EQ(filter_.refused, 1) << "it knew the stock again";
}

TEST_F(Shared, RetryGetsItsOrderFromAFilterThatForgot) {
  options_.keys.page = 2;
  open(true);
  create(3);
  std::vector<Reserve> buys;
  for (std::uint64_t b = 1; b <= 3; ++b) {
    buys.push_back(buy(b));
    buys.back().key = {1, b};
    EXPECT_EQ(ask(buys.back()).outcome, Outcome::done);
  }
  Reserve newcomer = buy(4);
  newcomer.key = {1, 4};
  EXPECT_EQ(ask(newcomer).outcome, Outcome::out_of_stock);
  EXPECT_EQ(filter_.refused, 1);

  filter_.forget();
  clock_.advance(1s);
  EXPECT_EQ(ask(buys[0]).outcome, Outcome::replayed);
  EXPECT_EQ(ask(newcomer).outcome, Outcome::out_of_stock);
  EXPECT_EQ(filter_.refused, 1) << "the record said it: the filter does not know all keys";
  EXPECT_EQ(filter_.remembered, 0) << "what was under way may not be decided yet";

  clock_.advance(20s);
  ledger_->run_until_idle();
  EXPECT_EQ(filter_.remembered, 3);
  EXPECT_EQ(ask(newcomer).outcome, Outcome::out_of_stock);
  EXPECT_EQ(filter_.refused, 2) << "now it knows";
  EXPECT_EQ(ask(buys[2]).outcome, Outcome::replayed);
}

TEST_F(Shared, SaleIsClosedUntilTheFilterIsRebuilt) {
  open(true);
  create(1);
  filter_.forget();
  filter_.stays_closed = true;
  EXPECT_EQ(ask(buy(1)).outcome, Outcome::unavailable);
  EXPECT_EQ(available(), 1);
  filter_.stays_closed = false;
  EXPECT_EQ(ask(buy(1)).outcome, Outcome::unavailable) << "not tried again before its time";
  clock_.advance(1s);
  EXPECT_EQ(ask(buy(1)).outcome, Outcome::done);
}

TEST_F(Shared, WithoutItsFilterTheRecordDecidesAlone) {
  open(true);
  create(1);
  filter_.away = true;
  EXPECT_EQ(ask(buy(1)).outcome, Outcome::done);
  EXPECT_EQ(ask(buy(2)).outcome, Outcome::out_of_stock);
}

TEST_F(Shared, OrItSellsNothingIfToldSo) {
  options_.lane.sell_without_filter = false;
  open(true);
  create(1);
  filter_.away = true;
  EXPECT_EQ(ask(buy(1)).outcome, Outcome::unavailable);
  EXPECT_EQ(available(), 1);
}

TEST_F(Shared, FilterLearnsTermsBeforeTheAnswer) {
  open(true);
  create(5);
  EXPECT_EQ(ask(buy(1)).outcome, Outcome::done);
  EXPECT_EQ(ask(SetPaused{ProductRef{0}, true}).outcome, Outcome::done);
  EXPECT_EQ(ask(buy(1)).outcome, Outcome::sale_paused);
  EXPECT_EQ(ask(SetPaused{ProductRef{0}, false}).outcome, Outcome::done);
  EXPECT_EQ(ask(buy(1)).outcome, Outcome::done);
}

TEST_F(Shared, TermsAreToldAgainWhenTheRecordCouldNotBeRead) {
  open(true);
  create(5);
  EXPECT_EQ(ask(buy(1)).outcome, Outcome::done);
  EXPECT_EQ(ask(SetPaused{ProductRef{0}, true}).outcome, Outcome::done);
  open(true, {.refused = 0, .lost_before = 0, .lost_after = 0, .late = 0, .repeated = 0, .read_fails = 1000});
  EXPECT_EQ(ask(SetPaused{ProductRef{0}, false}).outcome, Outcome::done);
  EXPECT_EQ(ask(buy(1)).outcome, Outcome::sale_paused) << "the filter could not be told";
  flaky_->heal();
  ledger_->run_until_idle();
  EXPECT_EQ(ask(buy(1)).outcome, Outcome::done);
}

TEST_F(Shared, RefreshTellsWhatAnotherProcessChanged) {
  open(true);
  create(1);
  EXPECT_EQ(ask(buy(1)).outcome, Outcome::done);
  const Command restock = AdjustStock{ProductRef{0}, 5, "by another process"};
  ASSERT_EQ(record_.commit(std::span(&restock, 1), clock_.wall(), 1s).fate, Fate::committed);
  EXPECT_EQ(ask(buy(2)).outcome, Outcome::out_of_stock);
  const auto products = ledger_->refresh();
  ASSERT_TRUE(products.has_value());
  EXPECT_EQ(products->front().stock.available, 5);
  EXPECT_EQ(ask(buy(2)).outcome, Outcome::done);
}

TEST_F(Shared, LateTicketsAreOverloadedAndUntouched) {
  open(false);
  create(1);
  items_.clear();
  ASSERT_TRUE(ledger_->submit({buy(1), this, 7, clock_.steady() + 1ms}));
  clock_.advance(2ms);
  ledger_->run_until_idle();
  ASSERT_EQ(items_.size(), 1U);
  EXPECT_EQ(items_[0].answer.outcome, Outcome::overloaded);
  EXPECT_EQ(items_[0].token, 7U);
  EXPECT_EQ(available(), 1);
}

TEST_F(Shared, FullLaneTakesNothing) {
  options_.lane.limits.buys = 2;
  open(false);
  create(9);
  EXPECT_TRUE(ledger_->submit({buy(1), this, 0, {}}));
  EXPECT_TRUE(ledger_->submit({buy(2), this, 0, {}}));
  EXPECT_FALSE(ledger_->submit({buy(3), this, 0, {}}));
  EXPECT_TRUE(ledger_->submit({AdjustStock{ProductRef{0}, 1, ""}, this, 0, {}})) << "others have their own room";
  EXPECT_EQ(ledger_->depth().buys, 2U);
  ledger_->run_until_idle();
  EXPECT_EQ(available(), 8);
}

TEST_F(Shared, BatchIsBoundedAndTheRestFollows) {
  options_.lane.batch_max = 3;
  open(false);
  create(9);
  items_.clear();
  for (std::uint64_t b = 1; b <= 8; ++b) ASSERT_TRUE(ledger_->submit({buy(b), this, b, {}}));
  ledger_->run_until_idle();
  ASSERT_EQ(items_.size(), 8U);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(items_[i].token, i + 1) << "in order of submission";
}

TEST_F(Shared, ObserversSeeEveryChangeOnce) {
  open(false);
  create(2);
  const Answer held = ask(buy(1));
  ask(Cancel{held.order, {5, 1}});
  ask(Cancel{held.order, {5, 1}});
  ASSERT_EQ(changes_.size(), 2U);
  EXPECT_EQ(changes_[0].status, OrderStatus::pending);
  EXPECT_EQ(changes_[1].status, OrderStatus::cancelled);
  EXPECT_TRUE(changes_[1].gave_back());
  EXPECT_EQ(changes_[1].buyer, (UserId{5, 1}));
}

TEST_F(Shared, ReadsThatFailAreDroppedAndForAMomentNoneAreTaken) {
  open(false);
  create(1);
  const Answer held = ask(buy(1));
  open(false, {.refused = 0, .lost_before = 0, .lost_after = 0, .late = 0, .repeated = 0, .read_fails = 1000});
  auto witness = std::make_shared<int>();
  bool called = false;
  EXPECT_TRUE(ledger_->find(held.order, [witness, &called](const std::optional<OrderView>&) { called = true; }));
  ledger_->run_until_idle();
  EXPECT_FALSE(called);
  EXPECT_EQ(witness.use_count(), 1) << "the callback is gone, whoever waits notices";
  EXPECT_FALSE(ledger_->find(held.order, [](const std::optional<OrderView>&) {}));
  flaky_->heal();
  clock_.advance(1s);
  std::optional<OrderView> found;
  EXPECT_TRUE(ledger_->find(held.order, [&](std::optional<OrderView> view) { found = std::move(view); }));
  ledger_->run_until_idle();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->status, OrderStatus::pending);
}

TEST_F(Shared, StoppedLedgerTakesNothing) {
  open(false);
  create(1);
  ledger_->start();
  ledger_->stop();
  EXPECT_FALSE(ledger_->submit({buy(1), this, 0, {}}));
  EXPECT_FALSE(ledger_->find({1, 1}, [](const std::optional<OrderView>&) {}));
}

class FlakyCrowd : public ::testing::TestWithParam<bool> {};

TEST_P(FlakyCrowd, LosesNoYesAndBuysNothingTwice) {
  for (std::uint64_t seed = 1; seed <= 20 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    LedgerRecord record;
    test::Crowd::Options options;
    options.seed = seed;
    options.filtered = GetParam();
    options.faults = test::every_fault();
    test::Crowd(record, options).run();
  }
}

INSTANTIATE_TEST_SUITE_P(OverMemory, FlakyCrowd, ::testing::Bool(),
                         [](const auto& p) { return std::string(p.param ? "Filtered" : "Unfiltered"); });

}  // namespace
}  // namespace scalemart
