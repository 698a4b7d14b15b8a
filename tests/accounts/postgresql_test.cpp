// Accounts in PostgreSQL: the contract, what gateways owe each other, and what is this database's own.
#include "backend/postgresql/accounts.hpp"

#include <deque>

#include "tests/accounts/shared_accounts.hpp"
#include "tests/servers/postgresql.hpp"

namespace scalemart::test {
namespace {

std::string missing_postgresql() {
  if (postgresql_server() != nullptr) return "";
  if (requires_all()) ADD_FAILURE() << "PostgreSQL is missing (SCALEMART_REQUIRE_ALL)";
  return "PostgreSQL (Debian package postgresql) is not installed: NOT TESTED";
}

class Postgres {
 public:
  static std::string missing() { return missing_postgresql(); }

  std::unique_ptr<AccountLanes> open(AccountLanes::Options options) {
    auto accounts = pg::PostgresAccounts::open({.connection = where_, .demands = {}}, clock_, randoms_.emplace_back());
    if (!accounts) throw std::runtime_error(accounts.error().message);
    return std::make_unique<AccountLanes>(std::move(*accounts), std::move(options), clock_);
  }
  AccountStore& store() {
    if (!first_) first_ = open({});
    return *first_;
  }
  ServerProcess& server() { return *postgresql_server(); }
  /// Changes something behind the program's back.
  void tamper(const std::string& sql) {
    auto connection = pg::Connection::open(where_, clock_);
    ASSERT_TRUE(connection) << connection.error().message;
    const auto done = connection->execute(sql, std::chrono::seconds(10));
    ASSERT_TRUE(done) << done.error().message;
  }
  const pg::Connection::Options& where() const { return where_; }
  const Clock& clock() const { return clock_; }

 private:
  SystemClock clock_;
  std::deque<SecureRandom> randoms_;  ///< One a gateway.
  pg::Connection::Options where_ = fresh_postgresql();
  std::unique_ptr<AccountLanes> first_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, AccountStoreContract, Postgres);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, SharedAccounts, Postgres);

class PostgresAccountsTest : public ::testing::Test {
 protected:
  static constexpr WallTime kNow{1'700'000'000'000};
  void SetUp() override {
    if (const std::string why = missing_postgresql(); !why.empty()) GTEST_SKIP() << why;
    db_.emplace();
  }
  static StoreOutcome audit(AccountStore& store, AuditEntry entry) {
    return ask_store<StoreOutcome>([&](auto done) { return store.append_audit(entry, done); });
  }
  static AuditCheck check(AccountStore& store) {
    return look_up<AuditCheck>([&](auto done) { return store.check_audit(done); });
  }
  std::optional<Postgres> db_;
};

TEST_F(PostgresAccountsTest, EditedAuditIsNoticed) {
  struct Row {
    const char* sql;
    std::uint64_t bad;
  };
  for (const Row& row :
       {Row{"UPDATE audit SET who = 'somebody else' WHERE sequence = 3", 3},
        Row{"UPDATE audit SET at = at + 1 WHERE sequence = 1", 1}, Row{"DELETE FROM audit WHERE sequence = 4", 4},
        Row{"UPDATE audit SET who = 'wh', what = 'o' || what WHERE sequence = 2", 2},
        Row{"DELETE FROM audit WHERE sequence = 5", 5}}) {
    db_.emplace();
    AccountStore& store = db_->store();
    for (int i = 0; i < 5; ++i) ASSERT_EQ(audit(store, {"who", "act", "", kNow, "", "", ""}), StoreOutcome::done);
    ASSERT_EQ(check(store).first_bad, 0u);
    db_->tamper(row.sql);
    EXPECT_EQ(check(store).first_bad, row.bad) << row.sql;
  }
}

TEST_F(PostgresAccountsTest, TextsAreKeptAsTheyAreAndWhatCannotBeKeptIsMarked) {
  AccountStore& store = db_->store();
  const std::string strange = "Zoë 🛒 'quoted\" \\ {} \t\n";
  ASSERT_EQ(audit(store, {strange, "act", strange, kNow, "", "{\"a\":\"" + strange + "\"}", ""}), StoreOutcome::done);
  ASSERT_EQ(audit(store, {std::string("a\0b", 3), "act", "\xff", kNow, "", "", ""}), StoreOutcome::done);
  const auto rows = look_up<AuditPage>([&](auto done) { return store.audit_page({.limit = 10}, done); }).rows;
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].entry.who, strange);
  EXPECT_EQ(rows[0].entry.who, "a?b");
  EXPECT_EQ(rows[0].entry.target, "?");
  EXPECT_EQ(check(store).first_bad, 0u) << "the database and the program hash alike";
  EXPECT_FALSE(look_up<std::optional<Account>>([&](auto done) { return store.find_by_email("a\xff@b", done); }));
}

TEST_F(PostgresAccountsTest, HundredThousandBuyersAreSeeded) {
  AccountStore& store = db_->store();
  EXPECT_EQ(ask_store<StoreOutcome>([&](auto done) {
              return store.seed({{8, 1}, kSeedMax, kNow}, done);
            }),
            StoreOutcome::done);
  EXPECT_TRUE(look_up<std::optional<Account>>([&](auto done) { return store.find({8, kSeedMax}, done); }));
}

TEST_F(PostgresAccountsTest, FullDiskIsAnAnswer) {
  AccountStore& store = db_->store();
  // Every insert fails as one does on a full disk.
  db_->tamper(
      "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$"
      " BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$;"
      "CREATE TRIGGER full_disk BEFORE INSERT ON audit_waiting EXECUTE FUNCTION full_disk()");
  Account a;
  a.id = {77, 1};
  a.email = "a@b";
  EXPECT_EQ(ask_store<StoreOutcome>([&](auto done) {
              return store.create(a, std::nullopt, {"who", "registered", "", kNow, "", "", ""}, done);
            }),
            StoreOutcome::no_space);
  EXPECT_FALSE(look_up<std::optional<Account>>([&](auto done) { return store.find(a.id, done); }))
      << "account and audit are one";
}

TEST_F(PostgresAccountsTest, WrongDatabaseStopsTheStart) {
  SecureRandom random;
  const auto open = [&](bool create) {
    return pg::PostgresAccounts::open({.connection = db_->where(), .demands = {}, .create = create}, db_->clock(),
                                      random);
  };
  auto none = open(false);
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("no tables of 'accounts'"), std::string::npos) << none.error().message;
  ASSERT_TRUE(open(true));
  EXPECT_TRUE(open(false));
  db_->tamper("DROP INDEX users_email");
  none = open(true);
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("users_email is missing"), std::string::npos) << none.error().message;
  db_->tamper("UPDATE schema_parts SET version = 9 WHERE part = 'accounts'");
  none = open(true);
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("newer program"), std::string::npos) << none.error().message;
}

}  // namespace
}  // namespace scalemart::test
