#include "backend/embedded/account_store.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <stdexcept>

#include "backend/embedded/test_folder.hpp"
#include "port/account_store_contract.hpp"

namespace scalemart::test {
namespace {

struct Embedded {
  AccountStore& store() { return *accounts; }
  TestFolder folder;
  std::unique_ptr<EmbeddedAccountStore> accounts = *EmbeddedAccountStore::open({.file = folder.path() / "accounts.db"});
};
INSTANTIATE_TYPED_TEST_SUITE_P(Embedded, AccountStoreContract, Embedded);

class EmbeddedAccounts : public ::testing::Test {
 protected:
  static constexpr WallTime kNow{1'700'000'000'000};
  std::filesystem::path file() const { return folder_.path() / "accounts.db"; }
  std::unique_ptr<EmbeddedAccountStore> open(EmbeddedAccountStore::Options options = {}) {
    options.file = file();
    auto store = EmbeddedAccountStore::open(std::move(options));
    EXPECT_TRUE(store) << store.error().message;
    return store ? std::move(*store) : nullptr;
  }
  static Account account(std::uint64_t n, std::size_t name_bytes = 20) {
    Account a;
    a.id = {77, n};
    a.email = "user" + std::to_string(n) + "@example.com";
    a.name = std::string(name_bytes, 'n');
    a.password_hash = "x";
    return a;
  }
  static AuditEntry entry(const std::string& what) { return {"who", what, "", kNow, "", "", ""}; }
  static StoreOutcome create(AccountStore& store, std::uint64_t n, std::size_t name_bytes = 20) {
    return ask_store<StoreOutcome>(
        [&](auto done) { return store.create(account(n, name_bytes), std::nullopt, entry("registered"), done); });
  }
  static StoreOutcome audit(AccountStore& store, const std::string& what) {
    return ask_store<StoreOutcome>([&](auto done) { return store.append_audit(entry(what), done); });
  }
  static AuditCheck check(AccountStore& store) {
    return look_up<AuditCheck>([&](auto done) { return store.check_audit(done); });
  }
  void tamper(const char* sql) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(file().c_str(), &db), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
  }
  TestFolder folder_;
};

TEST_F(EmbeddedAccounts, EverythingIsThereAfterARestart) {
  auto store = open();
  ASSERT_EQ(create(*store, 1), StoreOutcome::done);
  ASSERT_EQ(audit(*store, "something"), StoreOutcome::done);
  store.reset();
  store = open();
  EXPECT_TRUE(look_up<std::optional<Account>>([&](auto done) { return store->find({77, 1}, done); }));
  ASSERT_EQ(audit(*store, "more"), StoreOutcome::done);
  EXPECT_EQ(check(*store).rows, 3u);
  EXPECT_EQ(check(*store).first_bad, 0u) << "the chain goes on across the restart";
}

TEST_F(EmbeddedAccounts, FileFromBeforeRotationsHadATimeIsTakenOver) {
  const RefreshFamily family{{9, 9}, {77, 1}, {}, {}, kNow, kNow + std::chrono::hours(1)};
  const auto rotate = [&](AccountStore& store) {
    RotateRequest request{family.id, {}, {}, {std::byte{1}}, kNow, family.expires};
    request.repeats_since = kNow;
    return ask_store<Rotation>([&](auto done) { return store.rotate(request, entry("reused"), done); }).outcome;
  };
  auto store = open();
  ASSERT_EQ(ask_store<StoreOutcome>([&](auto done) { return store->create(account(1), family, entry("x"), done); }),
            StoreOutcome::done);
  ASSERT_EQ(rotate(*store), RotateOutcome::rotated);
  store.reset();
  tamper("ALTER TABLE families DROP COLUMN rotated");
  store = open();
  EXPECT_EQ(rotate(*store), RotateOutcome::reused) << "nobody knows when: not forgiven";
  store.reset();
  EXPECT_TRUE(open());
}

TEST_F(EmbeddedAccounts, ASearchOfALongTrailGoesStepByStep) {
  const auto store = open({.queue_max = kAuditLookMax + 20});
  ASSERT_EQ(audit(*store, "needle"), StoreOutcome::done);
  for (std::uint64_t i = 0; i < kAuditLookMax + 9; ++i)
    ASSERT_TRUE(store->append_audit(entry("hay"), [](StoreOutcome) {}));
  ASSERT_EQ(audit(*store, "hay"), StoreOutcome::done);
  AuditSearch search;
  search.what = "needle";
  const auto page = [&] { return look_up<AuditPage>([&](auto done) { return store->audit_page(search, done); }); };
  const AuditPage first = page();
  EXPECT_TRUE(first.rows.empty());
  ASSERT_EQ(first.next, 12u) << "it looked at so many, and says where to go on";
  search.before = first.next;
  const AuditPage second = page();
  ASSERT_EQ(second.rows.size(), 1u);
  EXPECT_EQ(second.rows[0].sequence, 1u);
  EXPECT_EQ(second.next, 0u);
}

TEST_F(EmbeddedAccounts, EditedAuditIsNoticed) {
  struct Row {
    const char* sql;
    std::uint64_t bad;
  };
  for (const Row& row :
       {Row{"UPDATE audit SET who = 'somebody else' WHERE sequence = 3", 3},
        Row{"UPDATE audit SET at = at + 1 WHERE sequence = 1", 1}, Row{"DELETE FROM audit WHERE sequence = 4", 4},
        Row{"UPDATE audit SET who = 'wh', what = 'o' || what WHERE sequence = 2", 2}}) {
    std::filesystem::remove(file());
    auto store = open();
    for (int i = 0; i < 5; ++i) ASSERT_EQ(audit(*store, "act"), StoreOutcome::done);
    store.reset();
    tamper(row.sql);
    store = open();
    EXPECT_EQ(check(*store).first_bad, row.bad) << row.sql;
  }
}

TEST_F(EmbeddedAccounts, ManyWritersShareTransactionsAndAllAreAnswered) {
  auto store = open();
  constexpr int kThreads = 4;
  constexpr int kEach = 250;
  std::atomic<int> done{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const auto n = static_cast<std::uint64_t>(t * kEach + i + 1);
        while (!store->create(account(n), std::nullopt, entry("registered"),
                              [&](StoreOutcome outcome) { done += outcome == StoreOutcome::done; }))
          std::this_thread::yield();
      }
    });
  for (std::thread& t : threads) t.join();
  store->stop();
  EXPECT_EQ(done.load(), kThreads * kEach);
  EXPECT_FALSE(store->find({77, 1}, [](const auto&) {})) << "stopped";
  store = open();
  EXPECT_EQ(check(*store).rows, static_cast<std::uint64_t>(kThreads * kEach));
}

TEST_F(EmbeddedAccounts, FullQueueRefusesAndCallsNobody) {
  auto store = open({.queue_max = 4});
  std::promise<void> gate;
  std::promise<void> entered;
  ASSERT_TRUE(store->find({1, 1}, [&](const auto&) {
    entered.set_value();
    gate.get_future().wait();
  }));
  entered.get_future().wait();
  std::atomic<int> answered{0};
  int accepted = 0;
  for (int i = 0; i < 10; ++i) accepted += store->find({1, 1}, [&](const auto&) { ++answered; });
  EXPECT_EQ(accepted, 4);
  gate.set_value();
  store->stop();
  EXPECT_EQ(answered.load(), 4);
}

TEST_F(EmbeddedAccounts, FullDiskRefusesChangesAndGoesOnReading) {
  auto store = open({.pages_max = 40});
  std::uint64_t n = 1;
  while (create(*store, n, 2000) == StoreOutcome::done) ++n;
  EXPECT_GT(n, 10u);
  EXPECT_TRUE(look_up<std::optional<Account>>([&](auto done) { return store->find({77, 1}, done); }));
  EXPECT_FALSE(look_up<std::optional<Account>>([&](auto done) { return store->find({77, n}, done); }));
  EXPECT_EQ(check(*store).first_bad, 0u);
  EXPECT_EQ(check(*store).rows, n - 1);
  store.reset();
  store = open();
  EXPECT_EQ(create(*store, n), StoreOutcome::done) << "space came back";
  EXPECT_EQ(check(*store).first_bad, 0u);
}

TEST_F(EmbeddedAccounts, HundredThousandBuyersAreSeededInSeconds) {
  auto store = open();
  const SystemClock clock;
  const SteadyTime begin = clock.steady();
  EXPECT_EQ(ask_store<StoreOutcome>([&](auto done) {
              return store->seed({{8, 1}, kSeedMax, kNow}, done);
            }),
            StoreOutcome::done);
  EXPECT_LT(clock.steady() - begin, std::chrono::seconds(20));
  EXPECT_TRUE(look_up<std::optional<Account>>([&](auto done) { return store->find({8, kSeedMax}, done); }));
}

TEST_F(EmbeddedAccounts, SecondProcessIsKeptOut) {
  auto store = open();
  EXPECT_FALSE(EmbeddedAccountStore::open({.file = file()}));
}

TEST_F(EmbeddedAccounts, NewerFormatIsRefused) {
  open().reset();
  tamper("PRAGMA user_version=2");
  const auto store = EmbeddedAccountStore::open({.file = file()});
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("format 2"), std::string::npos);
}

TEST_F(EmbeddedAccounts, AnyOtherStorageFailureEndsTheProcess) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        auto store = open();
        create(*store, 1);
        make_read_only(file().string() + "-wal");
        create(*store, 2);
      },
      "storage_failed.*accounts.db");
}

}  // namespace
}  // namespace scalemart::test
