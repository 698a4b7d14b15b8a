// What the filter says, against a real Redis and a record in memory.
#include "backend/redis/stock_filter.hpp"

#include <gtest/gtest.h>

#include "tests/redis/filter_shop.hpp"

namespace scalemart {
namespace {

using testing_servers::RedisServer;
using Kind = Verdict::Kind;

class StockFilterTest : public testing::Test {
 protected:
  void SetUp() override {
    SCALEMART_NEEDS_REDIS();
    server.emplace();
    shop.emplace(server->url(), 1, 2);
  }
  static std::string said(const Verdict& verdict) {
    if (verdict.kind == Kind::taken) return "taken";
    return verdict.kind == Kind::ask ? "ask" : std::string(to_text(verdict.outcome));
  }
  std::optional<RedisServer> server;
  std::optional<FilterShop> shop;
};

TEST_F(StockFilterTest, IsClosedUntilItWasBuilt) {
  shop->product("p", 10);
  const Reserve buy = shop->buy(1);
  EXPECT_EQ(shop->screen({&buy, 1}).state, Screening::State::closed);
  ASSERT_TRUE(shop->rebuild());
  EXPECT_FALSE(shop->rebuild(0, 1)) << "it is open already";
  const Screening open = shop->screen({&buy, 1});
  EXPECT_EQ(open.state, Screening::State::open);
  EXPECT_EQ(open.verdicts.at(0).kind, Kind::taken);
  EXPECT_TRUE(open.keys_known) << "nothing was ever sold";
  EXPECT_EQ(shop->screen({&buy, 1}, 1).epoch, open.epoch) << "one epoch for all gateways";
}

TEST_F(StockFilterTest, SoldOutIsAnsweredWithoutTheRecord) {
  shop->product("p", 3);
  shop->open();
  for (std::uint64_t n = 1; n <= 3; ++n) {
    const Reserve buy = shop->buy(n);
    EXPECT_EQ(shop->sell({&buy, 1}).at(0).outcome, Outcome::done);
  }
  shop->asked_record = 0;
  std::vector<Reserve> crowd;
  for (std::uint64_t n = 10; n < 500; ++n) crowd.push_back(shop->buy(n, ProductRef{0}, 1, n));
  for (const Answer& answer : shop->sell(crowd, 1)) {
    EXPECT_EQ(answer.outcome, Outcome::out_of_stock);
    EXPECT_FALSE(answer.final) << "three units are held";
    EXPECT_EQ(answer.sequence, 4u);
  }
  EXPECT_LT(shop->asked_record, 10u) << "but for keys that look used";
}

TEST_F(StockFilterTest, SoldOutIsFinalWhenNothingIsHeld) {
  shop->product("p", 0);
  shop->open();
  const Verdict verdict = shop->verdict(shop->buy(1));
  EXPECT_EQ(said(verdict), "out_of_stock");
  EXPECT_TRUE(verdict.final);
}

TEST_F(StockFilterTest, UnitsUnderWayAreNotGivenTwiceAndNobodyIsRefusedForThem) {
  shop->product("p", 5);
  shop->open();
  std::vector<Reserve> buys;
  for (std::uint64_t n = 1; n <= 8; ++n) buys.push_back(shop->buy(n));
  const Screening screening = shop->screen(buys);
  int taken = 0, asked = 0;
  for (const Verdict& verdict : screening.verdicts) {
    taken += verdict.kind == Kind::taken;
    asked += verdict.kind == Kind::ask;
  }
  EXPECT_EQ(taken, 5);
  EXPECT_EQ(asked, 3) << "the record has five units: it alone may say that they are gone";
  EXPECT_EQ(shop->verdict(shop->buy(9), 1).kind, Kind::ask) << "another gateway sees the same takes";
  // The record refused all of them: the units are free again.
  std::vector<Settlement> refused;
  for (const Reserve& buy : buys) refused.push_back(FilterShop::settlement(buy, Outcome::purchase_limit));
  shop->filter().settle(0, screening.epoch, refused, {}, {}, FilterShop::kWithin);
  EXPECT_EQ(shop->verdict(shop->buy(10, ProductRef{0}, 5), 1).kind, Kind::taken);
}

TEST_F(StockFilterTest, TakesOfUnknownFateStayTaken) {
  shop->product("p", 2);
  shop->open();
  const Reserve buy = shop->buy(1, ProductRef{0}, 2);
  const Screening screening = shop->screen({&buy, 1});
  const Settlement unknown{&buy, Settlement::Kind::unknown, Outcome::unknown};
  shop->filter().settle(0, screening.epoch, {&unknown, 1}, {}, {}, FilterShop::kWithin);
  EXPECT_EQ(shop->verdict(shop->buy(2)).kind, Kind::ask) << "not sold out: the record knows";
  // The truth comes later: it was never sold.
  const Settlement refused = FilterShop::settlement(buy, Outcome::unavailable);
  shop->filter().settle(0, screening.epoch, {&refused, 1}, {}, {}, FilterShop::kWithin);
  EXPECT_EQ(shop->verdict(shop->buy(3, ProductRef{0}, 2)).kind, Kind::taken);
}

TEST_F(StockFilterTest, WindowPauseAndRemovalAreTold) {
  const ProductRef p = shop->product("p", 5);
  shop->open();
  shop->command(SetPaused{p, true});
  EXPECT_EQ(said(shop->verdict(shop->buy(1))), "sale_paused");
  shop->command(SetPaused{p, false});
  EXPECT_EQ(shop->verdict(shop->buy(1)).kind, Kind::taken);

  auto spec = std::make_shared<ProductSpec>(*shop->products().at(0).spec);
  spec->terms.starts_at = shop->now + std::chrono::milliseconds(1000);
  spec->terms.ends_at = shop->now + std::chrono::milliseconds(2000);
  shop->command(ChangeProduct{p, spec});
  EXPECT_EQ(said(shop->verdict(shop->buy(2))), "sale_not_started");
  shop->now.ms += 1000;
  EXPECT_EQ(shop->verdict(shop->buy(3)).kind, Kind::taken);
  shop->now.ms += 999;
  EXPECT_EQ(shop->verdict(shop->buy(4)).kind, Kind::taken);
  shop->now.ms += 1;
  EXPECT_EQ(said(shop->verdict(shop->buy(5))), "sale_ended") << "at this very instant";
  shop->command(RemoveProduct{p});
  EXPECT_EQ(said(shop->verdict(shop->buy(6))), "product_not_found");
  EXPECT_EQ(shop->verdict(shop->buy(7, ProductRef{77})).kind, Kind::ask) << "never heard of";
}

TEST_F(StockFilterTest, OldTruthChangesNothing) {
  const ProductRef p = shop->product("p", 1);
  shop->open();
  const std::vector<ProductRecord> before = shop->products();
  const Reserve buy = shop->buy(1);
  ASSERT_EQ(shop->sell({&buy, 1}).at(0).outcome, Outcome::done);
  const StockRecord old{p, before[0].stock, before[0].sequence};
  shop->filter().settle(0, 0, {}, {&old, 1}, {}, FilterShop::kWithin);
  EXPECT_EQ(said(shop->verdict(shop->buy(2))), "out_of_stock");
  shop->filter().publish(0, before, FilterShop::kWithin);
  EXPECT_EQ(said(shop->verdict(shop->buy(2))), "out_of_stock");
  shop->command(SetPaused{p, true});
  shop->filter().publish(0, before, FilterShop::kWithin);
  EXPECT_EQ(said(shop->verdict(shop->buy(2))), "sale_paused");
}

TEST_F(StockFilterTest, ReturnedUnitsAreSoldAgain) {
  shop->product("p", 1);
  shop->open();
  const Reserve buy = shop->buy(1);
  ASSERT_EQ(shop->sell({&buy, 1}).at(0).outcome, Outcome::done);
  EXPECT_EQ(said(shop->verdict(shop->buy(2))), "out_of_stock");
  EXPECT_EQ(shop->command(Cancel{buy.order, buy.buyer}).outcome, Outcome::done);
  EXPECT_EQ(shop->verdict(shop->buy(3), 1).kind, Kind::taken);
}

TEST_F(StockFilterTest, BuyerAtTheLimitIsRefusedUntilUnitsComeBack) {
  const ProductRef p = shop->product("p", 100, 3);
  shop->open();
  const Reserve two = shop->buy(7, p, 2);
  ASSERT_EQ(shop->sell({&two, 1}).at(0).outcome, Outcome::done);
  EXPECT_EQ(said(shop->verdict(shop->buy(7, p, 2))), "purchase_limit");
  const Reserve one = shop->buy(7, p, 1);
  ASSERT_EQ(shop->sell({&one, 1}).at(0).outcome, Outcome::done);
  const Verdict full = shop->verdict(shop->buy(7, p, 1), 1);
  EXPECT_EQ(said(full), "purchase_limit");
  EXPECT_EQ(full.sequence, 3u) << "of the order that filled it";
  EXPECT_EQ(shop->verdict(shop->buy(8, p, 3)).kind, Kind::taken) << "another buyer";
  shop->command(Cancel{two.order, two.buyer});
  EXPECT_NE(shop->verdict(shop->buy(7, p, 2)).kind, Kind::refuse);
}

TEST_F(StockFilterTest, LimitIsLearntFromARefusalOfTheRecord) {
  const ProductRef p = shop->product("p", 100, 1);
  const Command first = shop->buy(7, p);
  ASSERT_EQ(shop->record.commit({&first, 1}, shop->now, FilterShop::kWithin).answers.at(0).outcome, Outcome::done);
  shop->open();
  const Reserve again = shop->buy(7, p);
  EXPECT_EQ(shop->sell({&again, 1}).at(0).outcome, Outcome::purchase_limit);
  EXPECT_EQ(shop->asked_record, 1u) << "nobody had told the filter";
  EXPECT_EQ(said(shop->verdict(shop->buy(7, p))), "purchase_limit");
}

TEST_F(StockFilterTest, AnOrderToldAfterItsReturnDoesNotCount) {
  const ProductRef p = shop->product("p", 100, 1);
  shop->open();
  const Command buy = shop->buy(7, p);
  const RecordedBatch bought = shop->record.commit({&buy, 1}, shop->now, FilterShop::kWithin);
  const Command cancel = Cancel{std::get<Reserve>(buy).order, {2, 7}};
  const RecordedBatch cancelled = shop->record.commit({&cancel, 1}, shop->now, FilterShop::kWithin);
  shop->tell(cancelled, 1);
  shop->tell(bought, 0);
  EXPECT_EQ(shop->verdict(shop->buy(7, p)).kind, Kind::taken);
}

TEST_F(StockFilterTest, UsedKeyIsAskedAbout) {
  shop->product("p", 1);
  shop->open();
  const Reserve buy = shop->buy(1, ProductRef{0}, 1, 99);
  const OrderId first = buy.order;
  ASSERT_EQ(shop->sell({&buy, 1}).at(0).outcome, Outcome::done);
  const Reserve again = shop->buy(1, ProductRef{0}, 1, 99);
  const Answer answer = shop->sell({&again, 1}, 1).at(0);
  EXPECT_EQ(answer.outcome, Outcome::replayed) << "although it is sold out";
  EXPECT_EQ(answer.order, first);
  const Reserve other = shop->buy(1, ProductRef{0}, 2, 99);
  EXPECT_EQ(shop->sell({&other, 1}).at(0).outcome, Outcome::idempotency_conflict);
  EXPECT_EQ(said(shop->verdict(shop->buy(2, ProductRef{0}, 1, 99))), "out_of_stock") << "another buyer's key";
}

TEST_F(StockFilterTest, TwiceTheSameKeyInOneBatchTakesOnce) {
  shop->product("p", 10);
  shop->open();
  const std::vector<Reserve> twice{shop->buy(1, ProductRef{0}, 1, 5), shop->buy(1, ProductRef{0}, 1, 5)};
  const Screening screening = shop->screen(twice);
  EXPECT_EQ(screening.verdicts.at(0).kind, Kind::taken);
  EXPECT_EQ(screening.verdicts.at(1).kind, Kind::ask);
}

TEST_F(StockFilterTest, AfterARebuildKeysAreAskedAboutUntilTheyAreKnown) {
  shop->product("p", 1);
  shop->open();
  const Reserve buy = shop->buy(1, ProductRef{0}, 1, 99);
  ASSERT_EQ(shop->sell({&buy, 1}).at(0).outcome, Outcome::done);
  server->say({"FLUSHALL"});
  ASSERT_TRUE(shop->rebuild());
  const Reserve again = shop->buy(1, ProductRef{0}, 1, 99);
  EXPECT_EQ(shop->verdict(again).kind, Kind::ask);
  EXPECT_EQ(shop->verdict(shop->buy(2, ProductRef{0}, 1, 50)).kind, Kind::ask) << "who knows";
  EXPECT_EQ(said(shop->verdict(shop->buy(2))), "out_of_stock") << "without a key there is nothing to know";
  const Screening now = shop->screen({&again, 1});
  EXPECT_FALSE(now.keys_known);
  const std::vector<BuyerKey> keys{{buy.buyer, buy.key}};
  EXPECT_FALSE(shop->filter().remember(0, now.epoch - 1, keys, true, FilterShop::kWithin)) << "of another epoch";
  EXPECT_TRUE(shop->filter().remember(0, now.epoch, keys, true, FilterShop::kWithin));
  EXPECT_EQ(shop->verdict(again).kind, Kind::ask);
  EXPECT_EQ(said(shop->verdict(shop->buy(2, ProductRef{0}, 1, 51))), "out_of_stock");
}

TEST_F(StockFilterTest, TakesOfAnOldEpochAreForgottenAndTheirKeysAreNot) {
  shop->product("p", 1);
  shop->open();
  const Reserve buy = shop->buy(1, ProductRef{0}, 1, 99);
  const Screening before = shop->screen({&buy, 1});
  ASSERT_EQ(before.verdicts.at(0).kind, Kind::taken);
  server->say({"FLUSHALL"});
  ASSERT_TRUE(shop->rebuild());
  const Screening after = shop->screen({}, 1);
  EXPECT_GT(after.epoch, before.epoch);
  ASSERT_TRUE(shop->filter(1).remember(0, after.epoch, {}, true, FilterShop::kWithin));
  // Now the record decides, and the gateway settles under the epoch that it knows.
  const Command command = buy;
  const RecordedBatch batch = shop->record.commit({&command, 1}, shop->now, FilterShop::kWithin);
  const Settlement sold = FilterShop::settlement(buy, batch.answers.at(0).outcome);
  shop->filter().settle(0, before.epoch, {&sold, 1}, batch.stocks, batch.changes, FilterShop::kWithin);
  EXPECT_EQ(said(shop->verdict(shop->buy(2))), "out_of_stock") << "the stock is the record's";
  EXPECT_EQ(shop->verdict(shop->buy(1, ProductRef{0}, 1, 99)).kind, Kind::ask) << "the key is known";
}

TEST_F(StockFilterTest, SequencesAndTimesBeyond32BitsAreExact) {
  const ProductRef p{0xfffffff0u};
  ProductRecord product{p, shop->products().empty() ? std::make_shared<ProductSpec>() : nullptr, {}, false, false, 0};
  product.sequence = (1ull << 53) - 2;
  product.stock = {kStockMax, 0, 7, kStockMax - 7};
  auto spec = std::make_shared<ProductSpec>();
  spec->terms.starts_at = shop->now;
  product.spec = spec;
  ASSERT_TRUE(shop->filter().rebuild(0, {&product, 1}, FilterShop::kWithin));
  const Verdict verdict = shop->verdict(shop->buy(1, p));
  EXPECT_EQ(said(verdict), "out_of_stock");
  EXPECT_EQ(verdict.sequence, product.sequence);
  shop->now.ms -= 1;
  EXPECT_EQ(said(shop->verdict(shop->buy(1, p))), "sale_not_started");
}

TEST_F(StockFilterTest, ManyProductsAreRebuiltInParts) {
  std::vector<ProductRecord> products;
  for (std::uint32_t i = 0; i < 2345; ++i) {
    auto spec = std::make_shared<ProductSpec>();
    products.push_back({ProductRef{i}, spec, {1, i % 2, 0, 1 - i % 2}, false, false, 2, 1});
  }
  ASSERT_TRUE(shop->filter().rebuild(0, products, FilterShop::kWithin));
  std::vector<Reserve> buys;
  for (std::uint32_t i = 0; i < 2345; ++i) buys.push_back(shop->buy(i + 1, ProductRef{i}, 1, i + 1));
  const Screening screening = shop->screen(buys);
  ASSERT_EQ(screening.state, Screening::State::open);
  for (std::uint32_t i = 0; i < 2345; ++i)
    ASSERT_EQ(screening.verdicts[i].kind, i % 2 == 1 ? Kind::taken : Kind::ask) << i;
  EXPECT_EQ(server->say({"HLEN", "scalemart:{p0}:takes"}), "1172");
}

}  // namespace
}  // namespace scalemart
