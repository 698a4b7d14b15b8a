// Accounts over MongoDB's protocol: the contract, what gateways owe each other, and what is this database's own.
#include <deque>

#include "backend/mongodb/accounts.hpp"
#include "tests/accounts/shared_accounts.hpp"
#include "tests/servers/mongodb.hpp"

namespace scalemart::test {
namespace {

class Mongo {
 public:
  static std::string missing() { return {}; }  // mongodb_main.cpp has asked

  std::unique_ptr<AccountLanes> open(AccountLanes::Options options) {
    mongo::MongoAccounts::Options where{.client = where_};
    where.client.patience = std::min(where_.patience, options.patience);
    auto accounts = mongo::MongoAccounts::open(std::move(where), clock_, randoms_.emplace_back());
    if (!accounts) throw std::runtime_error(accounts.error().message);
    return std::make_unique<AccountLanes>(std::move(*accounts), std::move(options), clock_);
  }
  AccountStore& store() {
    if (!first_) first_ = open({});
    return *first_;
  }
  ServerProcess& server() { return *mongodb_server(); }
  const mongo::Client::Options& where() const { return where_; }
  const Clock& clock() const { return clock_; }

 private:
  SystemClock clock_;
  mongo::Client::Options where_ = fresh_mongodb();
  std::deque<SecureRandom> randoms_;  ///< One a gateway.
  std::unique_ptr<AccountLanes> first_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Mongo, AccountStoreContract, Mongo);
INSTANTIATE_TYPED_TEST_SUITE_P(Mongo, SharedAccounts, Mongo);

class MongoAccountsTest : public ::testing::Test {
 protected:
  static constexpr WallTime kNow{1'700'000'000'000};
  static StoreOutcome audit(AccountStore& store, AuditEntry entry) {
    return ask_store<StoreOutcome>([&](auto done) { return store.append_audit(entry, done); });
  }
  static AuditCheck check(AccountStore& store) {
    return look_up<AuditCheck>([&](auto done) { return store.check_audit(done); });
  }
  std::unique_ptr<mongo::Client> client() { return std::move(*mongo::Client::open(db_->where())); }
  std::optional<Mongo> db_{std::in_place};
};

TEST_F(MongoAccountsTest, EditedAuditIsNoticed) {
  using mongo::Document;
  const auto row = [](std::int64_t sequence) {
    Document filter;
    filter.add("_id", sequence);
    return filter;
  };
  const auto set = [](const char* key, auto value) {
    Document values, update;
    update.add("$set", values.add(key, value));
    return update;
  };
  const std::vector<std::pair<std::function<bool(mongo::Client&)>, std::uint64_t>> tampering{
      {[&](mongo::Client& c) { return c.update("audit", row(3), set("who", "somebody else")).has_value(); }, 3},
      {[&](mongo::Client& c) { return c.update("audit", row(1), set("at", kNow.ms + 1)).has_value(); }, 1},
      {[&](mongo::Client& c) { return c.remove("audit", row(4)).has_value(); }, 4},
      {[&](mongo::Client& c) { return c.remove("audit", row(5)).has_value(); }, 5}};
  for (const auto& [tamper, bad] : tampering) {
    db_.emplace();
    AccountStore& store = db_->store();
    for (int i = 0; i < 5; ++i) ASSERT_EQ(audit(store, {"who", "act", "", kNow, "", "", ""}), StoreOutcome::done);
    ASSERT_EQ(check(store).first_bad, 0u);
    ASSERT_TRUE(tamper(*client()));
    EXPECT_EQ(check(store).first_bad, bad);
  }
}

TEST_F(MongoAccountsTest, TextsAreKeptAsTheyAreAndWhatCannotBeKeptIsMarked) {
  AccountStore& store = db_->store();
  const std::string strange = "Zoë 🛒 'quoted\" \\ {$set: 1} \t\n";
  ASSERT_EQ(audit(store, {strange, "act", strange, kNow, "", "{\"a\":\"" + strange + "\"}", ""}), StoreOutcome::done);
  ASSERT_EQ(audit(store, {std::string("a\0b", 3), "act", "\xff", kNow, "", "", ""}), StoreOutcome::done);
  const auto rows = look_up<AuditPage>([&](auto done) { return store.audit_page({.limit = 10}, done); }).rows;
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].entry.who, strange);
  EXPECT_EQ(rows[0].entry.who, "a?b");
  EXPECT_EQ(rows[0].entry.target, "?");
  EXPECT_EQ(check(store).first_bad, 0u);
}

// A gateway that died between a change and what the change must cause: the next one carries it on.
TEST_F(MongoAccountsTest, WhatACrashLeftIsCarriedOn) {
  Account a;
  a.id = {77, 1};
  a.email = "ann@example.com";
  a.created = kNow;
  const RefreshFamily family{{99, 1}, a.id, digest(100), digest(1), kNow, kNow + std::chrono::hours(1)};
  {
    const auto dying = db_->open({});
    ASSERT_EQ(ask_store<StoreOutcome>([&](auto done) {
                return dying->create(a, family, {"who", "registered", "", kNow, "", "", ""}, done);
              }),
              StoreOutcome::done);
    EXPECT_EQ(ask_store<Rotation>([&](auto done) {
                return dying->rotate({family.id, digest(100), digest(7), digest(8), kNow, kNow}, {}, done);
              }).outcome,
              RotateOutcome::reused);
  }
  mongo::Document everything;
  ASSERT_EQ(client()->find({.collection = "audit"})->size(), 0u) << "it died before";
  AccountStore& next = db_->store();
  EXPECT_EQ(look_up<AuthState>([&](auto done) { return next.load({0}, done); }).revoked.size(), 1u);
  EXPECT_EQ(check(next).rows, 1u) << "and the reuse, which nobody wanted to have noted, is not there";
  mongo::Document pending;
  pending.add("pending", true);
  EXPECT_FALSE(*client()->find_one("users", std::move(pending))) << "nothing waits any more";
}

TEST_F(MongoAccountsTest, DamagedDocumentIsAnErrorAndNotTheEnd) {
  AccountStore& store = db_->store();
  mongo::Document broken;
  broken.add("_id", to_string(UserId{77, 1})).add("email", std::int32_t{5});
  std::vector<mongo::Document> documents;
  documents.push_back(std::move(broken));
  ASSERT_TRUE(client()->insert("users", documents));
  const auto found = ask_store<Result<std::optional<Account>>>([&](auto done) { return store.find({77, 1}, done); });
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find("email"), std::string::npos) << found.error().message;
}

TEST_F(MongoAccountsTest, WrongServerStopsTheStart) {
  SecureRandom random;
  const auto refusal = [&](mongo::MongoAccounts::Options options) {
    const auto opened = mongo::MongoAccounts::open(std::move(options), db_->clock(), random);
    EXPECT_FALSE(opened);
    return opened ? "" : opened.error().message;
  };
  mongo::MongoAccounts::Options nowhere{.client = db_->where()};
  nowhere.client.url = "mongodb://127.0.0.1:1/";
  nowhere.client.patience = std::chrono::milliseconds(300);
  EXPECT_NE(refusal(nowhere).find("MongoDB: "), std::string::npos);
  nowhere.client.url = "mongodb:/nonsense";
  EXPECT_NE(refusal(nowhere).find("address is not valid"), std::string::npos);
  EXPECT_NE(refusal({.client = db_->where(), .create = false}).find("unique index on users (email_key) is missing"),
            std::string::npos);
  static_cast<void>(db_->store());
  EXPECT_TRUE(mongo::MongoAccounts::open({.client = db_->where(), .create = false}, db_->clock(), random));
}

}  // namespace
}  // namespace scalemart::test
