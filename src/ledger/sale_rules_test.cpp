// Buying, products, and what administrators may do to them.
#include <gtest/gtest.h>

#include <functional>

#include "ledger/ledger_fixture.hpp"

namespace scalemart {
namespace {

using testing::buyer_id;
using testing::key;
using testing::order_id;
using testing::Shop;

TEST(SaleRules, ABuyHoldsUnitsAndNamesItsRecord) {
  Shop shop;
  const ProductRef lamp = shop.product("lamp", 10);
  const Answer a = shop(shop.buy(1, 3));
  EXPECT_EQ(a.outcome, Outcome::done);
  EXPECT_EQ(a.order, order_id(1));
  EXPECT_EQ(a.quantity, 3U);
  EXPECT_EQ(a.unit_price, 1999);
  EXPECT_EQ(a.product, lamp);
  EXPECT_EQ(a.sequence, 2U);
  EXPECT_EQ(shop.records.back().sequence, 2U);
  EXPECT_EQ(shop.stock(), (Stock{10, 7, 3, 0}));
  EXPECT_EQ(shop.ledger.order_count(OrderStatus::pending), 1U);
}

TEST(SaleRules, SoldOutProductRefusesNextBuyer) {
  Shop shop;
  shop.product("lamp", 2);
  shop(shop.buy(1, 2));
  Answer a = shop(shop.buy(2));
  EXPECT_EQ(a.outcome, Outcome::out_of_stock);
  EXPECT_FALSE(a.final) << "a hold may come back";
  EXPECT_EQ(a.sequence, 2U);
  shop(Begin{order_id(1), 1});
  shop(Confirm{order_id(1), 1, "ch"});
  a = shop(shop.buy(2));
  EXPECT_EQ(a.outcome, Outcome::out_of_stock);
  EXPECT_TRUE(a.final);
  EXPECT_EQ(a.sequence, 4U);
}

TEST(SaleRules, MoreThanIsLeftIsRefusedWhole) {
  Shop shop;
  shop.product("lamp", 2);
  EXPECT_EQ(shop(shop.buy(1, 3)).outcome, Outcome::out_of_stock);
  EXPECT_EQ(shop.stock().available, 2);
}

/// Each fault is worse than those below it, so with all from some line on, that line's refusal is given.
TEST(SaleRules, TheFirstReasonInTheListIsGiven) {
  struct Fault {
    Outcome expected;
    std::function<void(Shop&, ProductSpec&, Reserve&)> make;
  };
  const std::vector<Fault> faults{
      {Outcome::idempotency_conflict,
       [](Shop&, ProductSpec&, Reserve& r) { r.key = key(1); }},  // used by order 1, other quantity
      {Outcome::sale_paused,
       [](Shop& s, ProductSpec&, Reserve&) {
         s(SetPaused{ProductRef{0}, true});
       }},
      {Outcome::sale_not_started,
       [](Shop& s, ProductSpec& p, Reserve&) { p.terms.starts_at = s.now + std::chrono::milliseconds(1); }},
      {Outcome::out_of_stock,
       [](Shop& s, ProductSpec&, Reserve&) {
         s(AdjustStock{ProductRef{0}, -s.stock().available, "gone"});
       }},
      {Outcome::purchase_limit, [](Shop&, ProductSpec& p, Reserve&) { p.terms.per_user_limit = 2; }},
      {Outcome::invalid_state, [](Shop&, ProductSpec&, Reserve& r) { r.order = order_id(1); }},
      {Outcome::invalid_value, [](Shop&, ProductSpec&, Reserve& r) { r.quantity = 11; }},
  };
  for (std::size_t first = 0; first < faults.size(); ++first) {
    Shop shop;
    shop.product("lamp", 100);
    Reserve once = shop.buy(1, 1);
    once.key = key(1);
    ASSERT_EQ(shop(once).outcome, Outcome::done);
    Reserve r = shop.buy(1, 2);
    r.order = order_id(2);
    auto spec = Shop::spec("lamp");
    for (std::size_t i = first; i < faults.size(); ++i) faults[i].make(shop, *spec, r);
    ASSERT_EQ(shop(ChangeProduct{ProductRef{0}, spec}).outcome, Outcome::done);
    EXPECT_EQ(to_text(shop(r).outcome), to_text(faults[first].expected));
  }
}

TEST(SaleRules, UnknownAndRemovedProductsAreNotFound) {
  Shop shop;
  const ProductRef lamp = shop.product("lamp", 2);
  EXPECT_EQ(shop(shop.buy(1, 1, ProductRef{1})).outcome, Outcome::product_not_found);
  EXPECT_EQ(shop(shop.buy(1, 1, ProductRef{UINT32_MAX})).outcome, Outcome::product_not_found);
  shop(RemoveProduct{lamp});
  EXPECT_EQ(shop(shop.buy(1)).outcome, Outcome::product_not_found);
}

TEST(SaleRules, TheWindowIncludesItsStartAndNotItsEnd) {
  struct Row {
    std::int64_t at;
    Outcome expected;
  };
  for (const Row row : {Row{1'999'999, Outcome::sale_not_started}, Row{2'000'000, Outcome::done},
                        Row{2'999'999, Outcome::done}, Row{3'000'000, Outcome::sale_ended}}) {
    Shop shop;
    auto spec = Shop::spec("lamp");
    spec->terms.starts_at = WallTime{2'000'000};
    spec->terms.ends_at = WallTime{3'000'000};
    shop(CreateProduct{spec, 5});
    shop.now = {row.at};
    EXPECT_EQ(to_text(shop(shop.buy(1)).outcome), to_text(row.expected)) << row.at;
  }
}

TEST(SaleRules, LedgerTimeNeverRunsBackwards) {
  Shop shop;
  auto spec = Shop::spec("lamp");
  spec->terms.ends_at = WallTime{2'000'000};
  shop(CreateProduct{spec, 5});
  shop.now = {2'000'000};
  shop(SetPaused{ProductRef{0}, true});
  shop(SetPaused{ProductRef{0}, false});
  shop.now = {1'500'000};
  EXPECT_EQ(shop(shop.buy(1)).outcome, Outcome::sale_ended);
  EXPECT_EQ(shop.ledger.last_time(), WallTime{2'000'000});
}

TEST(SaleRules, QuantityHasBounds) {
  struct Row {
    std::uint32_t quantity;
    Outcome expected;
  };
  for (const Row row :
       {Row{0, Outcome::invalid_value}, Row{1, Outcome::done}, Row{10, Outcome::done}, Row{11, Outcome::invalid_value},
        Row{101, Outcome::out_of_stock}, Row{UINT32_MAX, Outcome::out_of_stock}}) {
    Shop shop;
    shop.product("lamp", 100);
    EXPECT_EQ(to_text(shop(shop.buy(1, row.quantity)).outcome), to_text(row.expected)) << row.quantity;
  }
}

// --- idempotency ----------------------------------------------------------------------------------------

struct Keyed : ::testing::Test {
  Shop shop;
  Reserve first;
  Keyed() {
    shop.product("lamp", 5);
    shop.product("chair", 5);
    first = shop.buy(1, 2);
    first.key = key(7);
    EXPECT_EQ(shop(first).outcome, Outcome::done);
  }
  Reserve again(std::uint32_t quantity, ProductRef product, std::uint64_t buyer) {
    Reserve r = first;
    r.order = order_id(99);
    r.quantity = quantity;
    r.product = product;
    r.buyer = buyer_id(buyer);
    return r;
  }
};

TEST_F(Keyed, TheSameBuyAgainIsTheFirstOrder) {
  shop(SetPaused{ProductRef{0}, true});
  const Answer a = shop(again(2, ProductRef{0}, 1));
  EXPECT_EQ(a.outcome, Outcome::replayed);
  EXPECT_EQ(a.order, order_id(1));
  EXPECT_EQ(a.quantity, 2U);
  EXPECT_EQ(a.unit_price, 1999);
  EXPECT_EQ(a.sequence, 3U) << "its own record's";
  EXPECT_EQ(shop.stock().held, 2);
}

TEST_F(Keyed, ThePriceOfTheFirstOrderStays) {
  auto dearer = Shop::spec("lamp");
  dearer->terms.price = 5000;
  shop(ChangeProduct{ProductRef{0}, dearer});
  EXPECT_EQ(shop(again(2, ProductRef{0}, 1)).unit_price, 1999);
}

TEST_F(Keyed, AnotherBodyIsAConflict) {
  EXPECT_EQ(shop(again(1, ProductRef{0}, 1)).outcome, Outcome::idempotency_conflict);
  EXPECT_EQ(shop(again(2, ProductRef{1}, 1)).outcome, Outcome::idempotency_conflict);
  EXPECT_EQ(shop(again(2, ProductRef{77}, 1)).outcome, Outcome::idempotency_conflict);
}

TEST_F(Keyed, KeysBelongToTheirBuyer) {
  EXPECT_EQ(shop(again(1, ProductRef{1}, 2)).outcome, Outcome::done);
}

TEST_F(Keyed, TheAnswerOutlivesTheOrderAndTheProduct) {
  shop(Cancel{order_id(1), buyer_id(1)});
  shop(RemoveProduct{ProductRef{0}});
  EXPECT_EQ(shop(again(2, ProductRef{0}, 1)).outcome, Outcome::replayed);
}

TEST_F(Keyed, EveryKeyIsFoundHoweverManyOrdersABuyerHas) {
  shop(AdjustStock{ProductRef{0}, 1000, "more"});
  for (std::uint64_t n = 2; n <= 40; ++n) {
    Reserve r = shop.buy(n);
    r.buyer = buyer_id(1);
    r.key = n % 5 == 0 ? KeyDigest{} : key(n * 100);
    ASSERT_EQ(shop(r).outcome, Outcome::done);
    for (std::uint64_t m = 2; m <= n; ++m) {
      const auto found = shop.ledger.find_by_key(buyer_id(1), key(m * 100));
      ASSERT_EQ(found.has_value(), m % 5 != 0) << m << " of " << n;
      ASSERT_TRUE(!found || found->id == order_id(m));
    }
    ASSERT_EQ(shop(again(2, ProductRef{0}, 1)).outcome, Outcome::replayed);
  }
  EXPECT_FALSE(shop.ledger.find_by_key(buyer_id(1), {}).has_value());
  EXPECT_FALSE(shop.ledger.find_by_key(buyer_id(1), key(999)).has_value());
}

TEST(SaleRules, ManyBuyersMayUseTheSameKeys) {
  Shop shop;
  shop.product("lamp", 1'000'000);
  const auto order_of = [](std::uint64_t buyer, std::uint64_t n) { return order_id(buyer * 100 + n); };
  for (std::uint64_t buyer = 1; buyer <= 1500; ++buyer)
    for (std::uint64_t n = 1; n <= 6; ++n) {
      Reserve r = shop.buy(1);
      r.order = order_of(buyer, n);
      r.buyer = buyer_id(buyer);
      r.key = key(n);
      ASSERT_EQ(shop(r).outcome, Outcome::done) << "buyer " << buyer << " order " << n;
    }
  for (std::uint64_t buyer = 1; buyer <= 1500; ++buyer)
    for (std::uint64_t n = 1; n <= 6; ++n)
      ASSERT_EQ(shop.ledger.find_by_key(buyer_id(buyer), key(n))->id, order_of(buyer, n));
}

TEST(SaleRules, WithoutAKeyEveryBuyIsNew) {
  Shop shop;
  shop.product("lamp", 5);
  shop(shop.buy(1));
  Reserve r = shop.buy(1);
  EXPECT_EQ(shop(r).outcome, Outcome::invalid_state) << "the same order id";
  r.order = order_id(2);
  EXPECT_EQ(shop(r).outcome, Outcome::done);
}

// --- caps -----------------------------------------------------------------------------------------------

/// The cap holds, and every way an order can end gives its units back; with few orders and with many.
TEST(SaleRules, AllowanceComesBackWithTheUnits) {
  for (const int earlier : {0, 2, 4, 7, 20}) {
    struct Ending {
      const char* name;
      std::vector<Command> steps;
      bool gives_back;
    };
    const std::vector<Ending> endings{
        {"pending", {}, false},
        {"processing", {Begin{order_id(1), 1}}, false},
        {"confirmed", {Begin{order_id(1), 1}, Confirm{order_id(1), 1, ""}}, false},
        {"cancelled", {Cancel{order_id(1), buyer_id(1)}}, true},
        {"declined", {Begin{order_id(1), 1}, Decline{order_id(1), 1}}, true},
        {"discarded", {Begin{order_id(1), 1}, Park{order_id(1), 1, Step::payment, 1, ""}, Discard{order_id(1)}}, true},
        {"refunded", {Begin{order_id(1), 1}, Confirm{order_id(1), 1, ""}, Refund{order_id(1)}}, true},
    };
    for (const Ending& ending : endings) {
      SCOPED_TRACE(std::string(ending.name) + " after " + std::to_string(earlier));
      Shop shop;
      shop.product("lamp", 100, 3);
      for (int i = 0; i < earlier; ++i) {
        Reserve r = shop.buy(1);
        r.order = order_id(static_cast<std::uint64_t>(100 + i));
        ASSERT_EQ(shop(r).outcome, Outcome::done);
        ASSERT_EQ(shop(Cancel{r.order, r.buyer}).outcome, Outcome::done);
      }
      ASSERT_EQ(shop(shop.buy(1, 2)).outcome, Outcome::done);
      for (const Command& step : ending.steps) ASSERT_EQ(shop(step).outcome, Outcome::done);
      Reserve more = shop.buy(1, 2);
      more.order = order_id(2);
      EXPECT_EQ(shop(more).outcome, ending.gives_back ? Outcome::done : Outcome::purchase_limit);
      more.quantity = 1;
      more.order = order_id(3);
      EXPECT_EQ(shop(more).outcome, Outcome::done) << "one more fits either way";
      EXPECT_TRUE(shop.ledger.recount().empty());
    }
  }
}

TEST(SaleRules, TheCapCountsPerProduct) {
  Shop shop;
  shop.product("lamp", 10, 2);
  const ProductRef chair = shop.product("chair", 10, 2);
  shop(shop.buy(1, 2));
  Reserve r = shop.buy(1, 2, chair);
  r.order = order_id(2);
  EXPECT_EQ(shop(r).outcome, Outcome::done);
}

// --- products -------------------------------------------------------------------------------------------

TEST(SaleRules, ProductsKeepToTheirBounds) {
  struct Row {
    const char* what;
    std::function<void(ProductSpec&)> change;
    Outcome expected;
  };
  const std::vector<Row> rows{
      {"fine", [](ProductSpec&) {}, Outcome::done},
      {"free", [](ProductSpec& s) { s.terms.price = 0; }, Outcome::done},
      {"dearest", [](ProductSpec& s) { s.terms.price = kPriceMax; }, Outcome::done},
      {"too dear", [](ProductSpec& s) { s.terms.price = kPriceMax + 1; }, Outcome::invalid_value},
      {"below nothing", [](ProductSpec& s) { s.terms.price = -1; }, Outcome::invalid_value},
      {"list price below nothing", [](ProductSpec& s) { s.details.list_price = -1; }, Outcome::invalid_value},
      {"no slug", [](ProductSpec& s) { s.id = "Lamp!"; }, Outcome::invalid_value},
      {"no name", [](ProductSpec& s) { s.details.name.clear(); }, Outcome::invalid_value},
      {"200 letters of two bytes",
       [](ProductSpec& s) {
         s.details.name.clear();
         for (int i = 0; i < 200; ++i) s.details.name += "\u00e4";
       },
       Outcome::done},
      {"201 letters", [](ProductSpec& s) { s.details.name = std::string(201, 'x'); }, Outcome::invalid_value},
      {"long description", [](ProductSpec& s) { s.details.description = std::string(kDescriptionMax + 1, 'x'); },
       Outcome::invalid_value},
      {"long image", [](ProductSpec& s) { s.details.image_url = std::string(kImageUrlMax + 1, 'x'); },
       Outcome::invalid_value},
      {"small currency",
       [](ProductSpec& s) {
         s.currency.code = {'e', 'u', 'r'};
       },
       Outcome::invalid_value},
      {"ends as it starts", [](ProductSpec& s) { s.terms.starts_at = s.terms.ends_at = WallTime{5}; },
       Outcome::invalid_value},
  };
  for (const Row& row : rows) {
    Shop shop;
    auto spec = Shop::spec("lamp");
    row.change(*spec);
    EXPECT_EQ(to_text(shop(CreateProduct{spec, 1}).outcome), to_text(row.expected)) << row.what;
  }
  Shop shop;
  EXPECT_EQ(shop(CreateProduct{nullptr, 1}).outcome, Outcome::invalid_value);
  EXPECT_EQ(shop(CreateProduct{Shop::spec("a"), -1}).outcome, Outcome::invalid_value);
  EXPECT_EQ(shop(CreateProduct{Shop::spec("a"), kStockMax + 1}).outcome, Outcome::invalid_value);
  EXPECT_EQ(shop(CreateProduct{Shop::spec("a"), kStockMax}).outcome, Outcome::done);
}

TEST(SaleRules, AProductIdIsNeverUsedTwice) {
  Shop shop;
  const ProductRef lamp = shop.product("lamp", 1);
  EXPECT_EQ(shop(CreateProduct{Shop::spec("lamp"), 1}).outcome, Outcome::product_exists);
  shop(RemoveProduct{lamp});
  EXPECT_EQ(shop(CreateProduct{Shop::spec("lamp"), 1}).outcome, Outcome::product_exists);
  EXPECT_EQ(shop.ledger.find_product("lamp"), lamp);
  EXPECT_FALSE(shop.ledger.find_product("chair").has_value());
}

TEST(SaleRules, IdAndCurrencyOfAProductStay) {
  Shop shop;
  const ProductRef lamp = shop.product("lamp", 1);
  EXPECT_EQ(shop(ChangeProduct{lamp, Shop::spec("chair")}).outcome, Outcome::invalid_value);
  auto spec = Shop::spec("lamp");
  spec->currency.code = {'U', 'S', 'D'};
  EXPECT_EQ(shop(ChangeProduct{lamp, spec}).outcome, Outcome::invalid_value);
  spec = Shop::spec("lamp");
  spec->details.name = "New";
  EXPECT_EQ(shop(ChangeProduct{lamp, spec}).outcome, Outcome::done);
  EXPECT_EQ(shop.ledger.product(lamp).spec->details.name, "New");
}

TEST(SaleRules, StockChangesByDeltasWithinBounds) {
  struct Row {
    std::int64_t delta;
    Outcome expected;
  };
  // 10 in all, 4 of them held
  for (const Row row :
       {Row{5, Outcome::done}, Row{-6, Outcome::done}, Row{-7, Outcome::invalid_value},
        Row{kStockMax - 10, Outcome::done}, Row{kStockMax - 9, Outcome::invalid_value},
        Row{INT64_MIN, Outcome::invalid_value}, Row{INT64_MAX, Outcome::invalid_value}, Row{0, Outcome::done}}) {
    Shop shop;
    const ProductRef lamp = shop.product("lamp", 10);
    shop(shop.buy(1, 4));
    EXPECT_EQ(to_text(shop(AdjustStock{lamp, row.delta, "count"}).outcome), to_text(row.expected)) << row.delta;
    const std::int64_t moved = row.expected == Outcome::done ? row.delta : 0;
    EXPECT_EQ(shop.stock(), (Stock{10 + moved, 6 + moved, 4, 0}));
  }
  Shop shop;
  EXPECT_EQ(shop(AdjustStock{shop.product("lamp", 10), 1, std::string(201, 'x')}).outcome, Outcome::invalid_value);
}

TEST(SaleRules, PausingTwiceLeavesOneRecord) {
  Shop shop;
  const ProductRef lamp = shop.product("lamp", 10);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(shop(SetPaused{lamp, true}).outcome, Outcome::done);
  EXPECT_EQ(shop.ledger.sequence(), 2U);
  EXPECT_EQ(shop(shop.buy(1)).outcome, Outcome::sale_paused);
}

TEST(SaleRules, AProductWithOpenOrdersCannotBeRemoved) {
  Shop shop;
  const ProductRef lamp = shop.product("lamp", 10);
  shop(shop.buy(1));
  EXPECT_EQ(shop(RemoveProduct{lamp}).outcome, Outcome::invalid_state);
  shop(Begin{order_id(1), 1});
  shop(Confirm{order_id(1), 1, ""});
  EXPECT_EQ(shop(RemoveProduct{lamp}).outcome, Outcome::done);
  EXPECT_EQ(shop(RemoveProduct{lamp}).outcome, Outcome::product_not_found);
  EXPECT_EQ(shop(SetPaused{lamp, true}).outcome, Outcome::product_not_found);
  EXPECT_EQ(shop(AdjustStock{lamp, 1, ""}).outcome, Outcome::product_not_found);
  EXPECT_EQ(shop(ChangeProduct{lamp, Shop::spec("lamp")}).outcome, Outcome::product_not_found);
  EXPECT_EQ(shop(Refund{order_id(1)}).outcome, Outcome::done) << "its history goes on";
}

// --- reading --------------------------------------------------------------------------------------------

TEST(SaleRules, OrdersOfABuyerComeNewestFirstInPages) {
  Shop shop;
  shop.product("lamp", 100);
  for (std::uint64_t n = 1; n <= 9; ++n) {
    Reserve r = shop.buy(n);
    r.buyer = buyer_id(n % 2);
    if (r.buyer == UserId{2, 0}) r.buyer = buyer_id(50);
    shop(r);
  }
  const auto page = shop.ledger.of_buyer(buyer_id(1), {}, 3);
  ASSERT_EQ(page.size(), 3U);
  EXPECT_EQ(page[0].id, order_id(9));
  EXPECT_EQ(page[2].id, order_id(5));
  const auto next = shop.ledger.of_buyer(buyer_id(1), page[2].id, 3);
  ASSERT_EQ(next.size(), 2U);
  EXPECT_EQ(next[1].id, order_id(1));
  EXPECT_TRUE(shop.ledger.of_buyer(buyer_id(1), order_id(2), 3).empty()) << "another buyer's order as a cursor";
  EXPECT_TRUE(shop.ledger.of_buyer(buyer_id(77), {}, 3).empty());
}

}  // namespace
}  // namespace scalemart
