// A shop that is copied to PostgreSQL: every table, all or nothing, and what the ports read of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/postgresql/accounts.hpp"
#include "backend/postgresql/archive.hpp"
#include "backend/postgresql/shop_target.hpp"
#include "tests/copy/sample_shop.hpp"
#include "tests/servers/postgresql.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;
using test::SampleShop;

constexpr auto kWithin = 10s;
const ShopOrigin kOrigin{"digest", 42, "/a/folder", WallTime{1'800'000'000'000}};

class PostgresCopy : public testing::Test {
 protected:
  std::unique_ptr<pg::PostgresTarget> target() {
    pg::PostgresTarget::Options options;
    options.connection = where_;
    auto opened = pg::PostgresTarget::open(std::move(options), clock_);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  void copy(SampleShop& shop) {
    const auto to = target();
    ASSERT_TRUE(to->begin());
    const auto read = shop.read(*to);
    ASSERT_TRUE(read) << read.error().message;
    const auto finished = to->finish(kOrigin);
    ASSERT_TRUE(finished) << finished.error().message;
  }

  SystemClock clock_;
  const pg::Connection::Options where_ = test::fresh_postgresql();
};

TEST_F(PostgresCopy, EveryTableComesBackAsItWent) {
  SampleShop shop = test::sample_shop();
  const auto to = target();
  ASSERT_TRUE(to->begin());
  ASSERT_TRUE(shop.read(*to));
  SampleShop back;
  const auto read = to->read(back);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(back.products.size(), 3U);
  EXPECT_EQ(*back.products[1].spec, *shop.products[1].spec);
  EXPECT_EQ(back.products[0].spec->details.list_price, std::optional<MinorUnits>(0));
  EXPECT_EQ(back.users[1].account.epoch, 4'000'000'000U);
  EXPECT_EQ(back.settings.front().key, "Zeta") << "in the order of bytes, whatever the database's language is";
  const ShopSums sent = shop.sums(), arrived = back.sums();
  EXPECT_THAT(differences(sent, arrived), testing::IsEmpty());
  EXPECT_EQ(sent.digest(), arrived.digest());
  EXPECT_THAT(arrived.faults(), testing::IsEmpty());
  EXPECT_EQ(arrived.dead_letters, 2U);
  EXPECT_EQ(arrived.audit.rows, 5U);
}

TEST_F(PostgresCopy, ThePortsReadTheShop) {
  SampleShop shop = test::sample_shop();
  copy(shop);
  const auto record = test::open_record(where_, clock_);
  const auto recount = record->recount(kWithin);
  ASSERT_TRUE(recount) << recount.error().message;
  EXPECT_EQ(recount->orders, shop.orders.size());
  EXPECT_THAT(recount->drift, testing::IsEmpty());
  const auto letters = record->dead_letters(10, kWithin);
  ASSERT_EQ(letters->size(), 2U);
  EXPECT_EQ((*letters)[0].reason, "no answer, \"7\" times");
  const auto keyed = record->find_by_key(std::vector{BuyerKey{shop.orders[1].buyer, shop.orders[1].key}}, kWithin);
  ASSERT_TRUE((*keyed)[0]);
  EXPECT_EQ((*keyed)[0]->id, shop.orders[1].id);
  EXPECT_EQ((*keyed)[0]->sequence, shop.orders[1].sequence);
  // Four of each status; a confirmed one has a mail left.
  const auto sweep = record->unfinished({}, 100, kWithin);
  EXPECT_EQ(sweep->orders.size(), 9U);

  pg::PostgresArchive::Options options;
  options.connection = where_;
  const auto archive = pg::PostgresArchive::open(std::move(options), clock_);
  ASSERT_TRUE(archive);
  const auto totals = (*archive)->totals();
  EXPECT_EQ(totals->drift, 0);
  for (const std::uint64_t orders : totals->orders) EXPECT_EQ(orders, 4U);

  SecureRandom random;
  pg::PostgresAccounts::Options of_accounts;
  of_accounts.connection = where_;
  const auto accounts = pg::PostgresAccounts::open(std::move(of_accounts), clock_, random);
  ASSERT_TRUE(accounts);
  const SteadyTime until = clock_.steady() + kWithin;
  EXPECT_EQ((*accounts)->find_by_email("USER2@shop.test", until)->value().id, shop.users[2].account.id);
  const auto state = (*accounts)->load(WallTime{0}, until);
  EXPECT_EQ(state->admins.size(), 1U);
  EXPECT_EQ(state->epochs.size(), 1U);
  EXPECT_EQ(state->revoked.size(), 2U);
  AuditEntry entry;
  entry.what = "went_on";
  EXPECT_EQ((*accounts)->append_audit(entry, until), StoreOutcome::done);
  const auto check = (*accounts)->check_audit(until);
  EXPECT_EQ(check->rows, 6U) << "the chain goes on where it was";
  EXPECT_EQ(check->first_bad, 0U);
}

TEST_F(PostgresCopy, OrdersThatComeLaterAreNewer) {
  SampleShop shop = test::sample_shop();
  copy(shop);
  const auto record = test::open_record(where_, clock_);
  Reserve buy{{0x0190'0000'0000'0001, 1}, shop.orders[0].buyer, ProductRef{0}, 1, 1000, {}};
  const auto sold = record->commit(std::vector<Command>{buy}, WallTime{1'700'000'002'000}, kWithin);
  ASSERT_EQ(sold.fate, Fate::committed);
  ASSERT_EQ(sold.answers[0].outcome, Outcome::done);
  EXPECT_EQ(sold.answers[0].sequence, 901U);
  const auto own = record->of_buyer(buy.buyer, {}, 2, kWithin);
  ASSERT_EQ(own->size(), 2U);
  EXPECT_EQ((*own)[0].id, buy.order);
}

TEST_F(PostgresCopy, NobodySeesAnythingBeforeTheEnd) {
  SampleShop shop = test::sample_shop();
  auto to = target();
  ASSERT_TRUE(to->begin());
  ASSERT_TRUE(shop.read(*to));
  const auto other = target();
  EXPECT_EQ(other->look()->content, "");
  // As a killed process would: the connection is gone.
  to.reset();
  EXPECT_EQ(other->look()->content, "");
  copy(shop);
  const auto found = other->look();
  ASSERT_TRUE(found->copied);
  EXPECT_EQ(found->copied->digest, kOrigin.digest);
  EXPECT_EQ(found->copied->head, kOrigin.head);
  EXPECT_EQ(found->copied->place, kOrigin.place);
  EXPECT_EQ(found->content, "3 products, 28 orders, 4 users, 5 audit entries, 3 settings");
}

TEST_F(PostgresCopy, AShopIsNotWrittenOver) {
  SampleShop shop = test::sample_shop();
  copy(shop);
  const auto again = target()->begin();
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, testing::HasSubstr("there is a shop already (3 products, 28 orders"));
}

TEST_F(PostgresCopy, OneUserIsEnoughToBeAShop) {
  ASSERT_TRUE(target()->begin());
  SecureRandom random;
  pg::PostgresAccounts::Options options;
  options.connection = where_;
  const auto accounts = pg::PostgresAccounts::open(std::move(options), clock_, random);
  ASSERT_TRUE(accounts);
  const Account account{{1, 1}, "a@b.test", "", Role::admin, "", false, 0, WallTime{1}};
  ASSERT_EQ((*accounts)->create(account, {}, {}, clock_.steady() + kWithin), StoreOutcome::done);
  const auto begun = target()->begin();
  ASSERT_FALSE(begun);
  EXPECT_THAT(begun.error().message, testing::HasSubstr("(1 user)"));
}

TEST_F(PostgresCopy, ARowThatTheTablesRefuseEndsTheCopyAndLeavesNothing) {
  SampleShop shop = test::sample_shop();
  shop.orders.push_back(shop.orders.front());  // an order twice
  auto to = target();
  ASSERT_TRUE(to->begin());
  const auto read = shop.read(*to);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, testing::HasSubstr("orders_id"));
  to.reset();
  EXPECT_EQ(target()->look()->content, "");
}

TEST_F(PostgresCopy, ManyPortionsKeepTheirOrder) {
  SampleShop shop = test::sample_shop();
  for (std::uint64_t i = 0; i < 2500; ++i) {
    shop.orders.push_back(test::sample_order(1000 + i, OrderStatus::cancelled));
    shop.users.push_back(
        {{{9, i}, "n" + std::to_string(i) + "@x.test", "", Role::buyer, "", false, 0, WallTime{1}}, {}});
  }
  std::reverse(shop.orders.begin(), shop.orders.end());  // by acceptance, whatever their ids are
  const auto to = target();
  ASSERT_TRUE(to->begin());
  ASSERT_TRUE(shop.read(*to));
  SampleShop back;
  ASSERT_TRUE(to->read(back));
  EXPECT_THAT(differences(shop.sums(), back.sums()), testing::IsEmpty());
}

}  // namespace
}  // namespace scalemart
