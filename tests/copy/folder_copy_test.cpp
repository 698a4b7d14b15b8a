// A data folder with a random sale in it, copied to PostgreSQL: everything that can be read is the same, and both go on
// answering the same. SCALEMART_SIM_SEEDS (6), SCALEMART_SIM_OPS (1500), SCALEMART_SIM_FIRST_SEED (1)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "app/folder_shop.hpp"
#include "backend/embedded/account_store_tables.hpp"
#include "backend/embedded/journal.hpp"
#include "backend/embedded/moved_mark.hpp"
#include "backend/embedded/test_folder.hpp"
#include "backend/postgresql/shop_target.hpp"
#include "port/shop_sums.hpp"
#include "tests/record/compare.hpp"
#include "tests/servers/postgresql.hpp"
#include "tests/sim/model/workload.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

constexpr auto kWithin = 10s;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// A folder as a server leaves it, and the ledger that it has.
class Sale {
 public:
  explicit Sale(std::uint64_t seed) : workload_(seed), folder_(*DataFolder::open(files_.path() / "data")) {
    SqliteJournal::Options options;
    options.file = folder_->file("journal.db");
    journal_ = std::move(*SqliteJournal::open(std::move(options), clock_));
    auto accounts = AccountTables::open(folder_->file("accounts.db"), 0);
    EXPECT_TRUE(accounts);
    accounts_ = std::move(*accounts);
  }

  [[nodiscard]] std::filesystem::path path() const { return files_.path() / "data"; }
  Ledger& ledger() { return ledger_; }
  AccountTables& accounts() { return *accounts_; }
  [[nodiscard]] const std::vector<Reserve>& buys() const { return buys_; }

  struct Asked {
    Command command;
    WallTime now;
    Answer answer;
  };
  Asked act() {
    auto next = workload_.next();
    now_ = std::max(now_, next.now);
    std::vector<Record> records;
    const Answer answer = ledger_.execute(next.command, now_, records);
    if (!records.empty() && journal_) {
      EXPECT_EQ(journal_->append(records, false), Journal::Appended::durable);
    }
    if (const auto* buy = std::get_if<Reserve>(&next.command)) buys_.push_back(*buy);
    workload_.observe(next.command, answer);
    return {std::move(next.command), now_, answer};
  }
  /// The server stops.
  void close() {
    journal_.reset();
    accounts_.reset();
    folder_.reset();
  }

 private:
  SystemClock clock_;
  test::TestFolder files_;
  sim::Workload workload_;
  std::unique_ptr<DataFolder> folder_;
  std::unique_ptr<SqliteJournal> journal_;
  std::unique_ptr<AccountTables> accounts_;
  Ledger ledger_;
  WallTime now_;
  std::vector<Reserve> buys_;
};

class FolderCopy : public testing::Test {
 protected:
  void copy(const std::filesystem::path& folder) {
    auto shop = FolderShop::open(folder);
    ASSERT_TRUE(shop) << shop.error().message;
    ShopSummary before, after;
    ASSERT_TRUE((*shop)->read(before));
    pg::PostgresTarget::Options options;
    options.connection = where_;
    auto target = pg::PostgresTarget::open(std::move(options), clock_);
    ASSERT_TRUE(target);
    ASSERT_TRUE((*target)->begin());
    const auto read = (*shop)->read(**target);
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_TRUE((*target)->read(after));
    const ShopSums from = before.finish(), to = after.finish();
    EXPECT_THAT(differences(from, to), testing::IsEmpty());
    EXPECT_THAT(from.faults(), testing::IsEmpty());
    EXPECT_THAT(to.faults(), testing::IsEmpty());
    ASSERT_TRUE((*target)->finish({from.digest(), (*shop)->proof().head, folder.string(), clock_.wall()}));
  }

  SystemClock clock_;
  pg::Connection::Options where_ = test::fresh_postgresql();
};

void compare_orders(Sale& sale, SystemOfRecord& record) {
  for (const Reserve& buy : sale.buys()) {
    const auto found = record.find(std::vector{buy.order}, kWithin);
    ASSERT_TRUE(found);
    test::expect_same(sale.ledger().find(buy.order), (*found)[0]);
    const auto by_key = record.find_by_key(std::vector{BuyerKey{buy.buyer, buy.key}}, kWithin);
    ASSERT_TRUE(by_key);
    test::expect_same(sale.ledger().find_by_key(buy.buyer, buy.key), (*by_key)[0]);
    if (::testing::Test::HasFailure()) return;
  }
  const Reserve& last = sale.buys().back();
  test::expect_same(sale.ledger().of_buyer(last.buyer, {}, 50), *record.of_buyer(last.buyer, {}, 50, kWithin));
}

void compare_products(const Ledger& ledger, SystemOfRecord& record) {
  const auto products = record.products(kWithin);
  ASSERT_EQ(products->size(), ledger.product_count());
  for (const ProductRecord& found : *products) {
    const Product& product = ledger.product(found.product);
    EXPECT_EQ(*found.spec, *product.spec);
    EXPECT_EQ(found.stock, product.stock);
    EXPECT_EQ(std::pair(found.paused, found.removed), std::pair(product.paused, product.removed));
  }
}

void compare_unfinished(const Ledger& ledger, SystemOfRecord& record) {
  std::map<OrderId, UnfinishedOrder> expected;
  ledger.for_each_unfinished([&](const UnfinishedOrder& order) { expected.emplace(order.order.id, order); });
  const auto found = test::swept(record, 50);
  ASSERT_EQ(found.size(), expected.size());
  for (const SweptOrder& swept : found) {
    const UnfinishedOrder& order = expected.at(swept.order.id);
    EXPECT_EQ(std::tuple(swept.order.fence, swept.order.invoice_done, swept.mail_done, swept.parked),
              std::tuple(order.fence, order.invoice_done, order.mail_done, order.parked));
  }
  const auto letters = record.dead_letters(1000, kWithin);
  const auto parked = ledger.parked();
  ASSERT_EQ(letters->size(), parked.size());
  for (std::size_t i = 0; i < parked.size(); ++i)
    EXPECT_EQ(std::tuple((*letters)[i].order.id, (*letters)[i].step, (*letters)[i].attempts, (*letters)[i].at),
              std::tuple(parked[i].order, parked[i].step, parked[i].attempts, parked[i].since));
}

TEST_F(FolderCopy, ReadsTheSameAndGoesOnTheSame) {
  const std::uint64_t seeds = from_environment("SCALEMART_SIM_SEEDS", 6);
  const std::uint64_t ops = from_environment("SCALEMART_SIM_OPS", 1500);
  const std::uint64_t first = from_environment("SCALEMART_SIM_FIRST_SEED", 1);
  std::printf("seeds %llu to %llu\n", static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(first + seeds - 1));
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    where_ = test::fresh_postgresql();
    Sale sale(seed);
    for (std::uint64_t op = 0; op < ops; ++op) sale.act();
    sale.close();
    copy(sale.path());
    const auto record = test::open_record(where_, clock_);
    compare_orders(sale, *record);
    compare_products(sale.ledger(), *record);
    compare_unfinished(sale.ledger(), *record);
    for (std::uint64_t op = 0; op < ops / 3 && !HasFailure(); ++op) {
      const auto asked = sale.act();
      const auto batch = record->commit(std::span(&asked.command, 1), asked.now, kWithin);
      ASSERT_EQ(batch.fate, Fate::committed) << batch.why;
      const Answer &a = asked.answer, &b = batch.answers[0];
      EXPECT_EQ(std::tuple(a.outcome, a.final, a.quantity, a.order, a.product, a.unit_price, a.count),
                std::tuple(b.outcome, b.final, b.quantity, b.order, b.product, b.unit_price, b.count))
          << "operation " << op << ", kind " << asked.command.index() << "\n  expected: " << test::show(a)
          << "\n  found:    " << test::show(b);
    }
    compare_products(sale.ledger(), *record);
    compare_unfinished(sale.ledger(), *record);
    const auto recount = record->recount(kWithin);
    ASSERT_TRUE(recount);
    for (const RecordDrift& drift : recount->drift) ADD_FAILURE() << drift.what;
    if (HasFailure()) return;
  }
}

TEST_F(FolderCopy, TextsThatNoDatabaseHoldsAreChangedAndCounted) {
  Sale sale(1);
  for (int op = 0; op < 200; ++op) sale.act();
  AuditEntry entry;
  for (const char* who : {"good",
                          "b\xff"
                          "d",
                          "good again"}) {
    entry.who = who;
    entry.what = "said";
    sale.accounts().begin();
    sale.accounts().append_audit(entry);
    sale.accounts().commit();
  }
  sale.close();
  copy(sale.path());
  auto shop = FolderShop::open(sale.path());
  ShopSummary sums;
  ASSERT_TRUE((*shop)->read(sums));
  EXPECT_EQ((*shop)->changed_texts(), 1U);
  EXPECT_EQ(sums.finish().audit.first_bad, 0U) << "chained again";
}

TEST_F(FolderCopy, AFolderInUseIsRefusedAndOneInHandIsKept) {
  Sale sale(1);
  for (int op = 0; op < 50; ++op) sale.act();
  const auto busy = FolderShop::open(sale.path());
  ASSERT_FALSE(busy);
  EXPECT_THAT(busy.error().message, testing::HasSubstr("is in use by process"));
  sale.close();
  auto shop = FolderShop::open(sale.path());
  ASSERT_TRUE(shop);
  EXPECT_FALSE(DataFolder::open(sale.path()));
  ASSERT_TRUE((*shop)->mark_moved_to("postgresql://h", WallTime{5}));
  EXPECT_TRUE(read_moved(sale.path()));
}

TEST_F(FolderCopy, AChangedAuditTrailIsNotMoved) {
  Sale sale(1);
  for (int op = 0; op < 50; ++op) sale.act();
  AuditEntry entry;
  entry.who = "somebody";
  entry.what = "said";
  sale.accounts().begin();
  sale.accounts().append_audit(entry);
  sale.accounts().commit();
  sale.close();
  {
    auto db = sqlite::Connection::open(sale.path() / "accounts.db");
    ASSERT_TRUE(db);
    ASSERT_TRUE(db->execute("UPDATE audit SET who = 'nobody'"));
  }
  const auto shop = FolderShop::open(sale.path());
  ASSERT_FALSE(shop);
  EXPECT_EQ(shop.error().kind, Refusal::Kind::refused);
  EXPECT_THAT(shop.error().message, testing::HasSubstr("the audit trail was changed at row 1"));
}

}  // namespace
}  // namespace scalemart
