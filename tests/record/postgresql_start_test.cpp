// A server, an address or a schema that a sale cannot stand on stops the start with one line.
#include <gtest/gtest.h>

#include "tests/servers/postgresql.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

class Start : public ::testing::Test {
 protected:
  Start() : where_(test::fresh_postgresql()) {}

  /// The line with which opening fails, or "" when it does not.
  std::string refusal(bool create = true, bool standby = false) {
    pg::PostgresRecord::Options options;
    options.connection = where_;
    options.create = create;
    options.demands.synchronous_standby = standby;
    auto record = pg::PostgresRecord::open(std::move(options), clock_);
    if (record) return "";
    EXPECT_EQ(record.error().message.find('\n'), std::string::npos) << "one line";
    EXPECT_EQ(record.error().message.find("secret"), std::string::npos) << "no password in it";
    return record.error().message;
  }
  void sql(const std::string& script, const std::string& database = "shop") {
    pg::Connection::Options options = where_;
    options.url = on(database);  // as the owner, whoever the test is
    auto connection = pg::Connection::open(options, clock_);
    ASSERT_TRUE(connection.has_value()) << connection.error().message;
    const auto done = connection->execute(script, 20s);
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }
  static std::string on(const std::string& database) {
    const std::string url = test::postgresql_server()->text("url");
    return url.substr(0, url.rfind('/') + 1) + database;
  }
  /// A setting of the whole server, for the length of a test.
  class Setting {
   public:
    Setting(Start& test, const std::string& name, const std::string& value) : test_(test), name_(name) {
      test_.sql("ALTER SYSTEM SET " + name + " = '" + value + "'");
      reload();
    }
    ~Setting() {
      test_.sql("ALTER SYSTEM RESET " + name_);
      reload();
    }

   private:
    void reload() {
      test_.sql("SELECT pg_reload_conf()");
      test_.sql("SELECT pg_sleep(0.2)");  // the server's processes read it in their own time
    }
    Start& test_;
    std::string name_;
  };

  SystemClock clock_;
  pg::Connection::Options where_;
};

using ::testing::Test;

void expect_says(const std::string& line, const std::string& words) {
  EXPECT_NE(line.find(words), std::string::npos) << "'" << line << "' does not say '" << words << "'";
}

TEST_F(Start, MakesItsTablesOnceAndFindsThemAgain) {
  expect_says(refusal(false), "this user sees no tables of 'sale'");
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(refusal(false), "");
}

TEST_F(Start, MissingIndexIsNamed) {
  EXPECT_EQ(refusal(), "");
  sql("DROP INDEX orders_due_index");
  expect_says(refusal(), "the index orders_due_index is missing");
}

TEST_F(Start, NewerTablesNeedANewerProgram) {
  EXPECT_EQ(refusal(), "");
  sql("UPDATE schema_parts SET version = 99 WHERE part = 'sale'");
  expect_says(refusal(), "version 99, this program knows 1");
  expect_says(refusal(false), "version 99, this program knows 1");
}

TEST_F(Start, OlderTablesAreNotUsedWithoutTheRightToUpgrade) {
  EXPECT_EQ(refusal(), "");
  sql("UPDATE schema_parts SET version = 0 WHERE part = 'sale'");
  expect_says(refusal(false), "version 0, this program needs 1");
}

TEST_F(Start, FailedUpgradeLeavesEverythingAsItWas) {
  EXPECT_EQ(refusal(), "");
  sql("UPDATE schema_parts SET version = 0 WHERE part = 'sale'");
  expect_says(refusal(), "were left as they were");  // the tables exist already
  sql("UPDATE schema_parts SET version = 1 WHERE part = 'sale'");
  EXPECT_EQ(refusal(), "");
}

TEST_F(Start, SettingsThatLoseOrdersAreRefused) {
  EXPECT_EQ(refusal(), "");
  {
    const Setting off(*this, "fsync", "off");
    expect_says(refusal(), "fsync is off");
  }
  {
    const Setting off(*this, "full_page_writes", "off");
    expect_says(refusal(), "full_page_writes is off");
  }
  {
    const Setting off(*this, "synchronous_commit", "off");
    expect_says(refusal(), "synchronous_commit is off");
  }
  EXPECT_EQ(refusal(), "");
}

TEST_F(Start, SynchronousStandbyIsThereWhenItIsAskedFor) {
  EXPECT_EQ(refusal(), "");
  expect_says(refusal(true, true), "synchronous_standby_names is empty");
  const Setting named(*this, "synchronous_standby_names", "standby1");
  expect_says(refusal(false, true), "none is connected (standby1)");
}

TEST_F(Start, ReadOnlyServerIsRefused) {
  EXPECT_EQ(refusal(), "");
  sql("CREATE DATABASE frozen");
  sql("ALTER DATABASE frozen SET default_transaction_read_only = on");
  where_.url = on("frozen");
  expect_says(refusal(), "standby or read-only");
  sql("DROP DATABASE frozen");
}

TEST_F(Start, OtherEncodingIsRefused) {
  sql("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0");
  where_.url = on("ascii");
  expect_says(refusal(), "encoding is SQL_ASCII");
  sql("DROP DATABASE ascii");
}

TEST_F(Start, WrongAddressesSayWhatIsWrong) {
  where_.url = "postgresql://shop:secret@127.0.0.1:1/shop";
  expect_says(refusal(), "Connection refused");
  where_.url = on("nowhere");
  expect_says(refusal(), "database \"nowhere\" does not exist");
  where_.url = "postgresql://shop:secret@127.0.0.1:port/shop";
  expect_says(refusal(), "invalid");
  where_.url = "postgresql://shop@127.0.0.1/shop?no_such_option=1";
  expect_says(refusal(), "not valid");
}

TEST_F(Start, UserWithoutRightsIsToldSo) {
  EXPECT_EQ(refusal(), "");
  sql("CREATE ROLE guest LOGIN");
  std::string url = on("shop");
  where_.url = url.replace(url.find("shop@"), 5, "guest@");
  expect_says(refusal(false), "this user sees no tables of 'sale'");
  sql("GRANT USAGE ON SCHEMA " + where_.schema + " TO guest");
  expect_says(refusal(false), "permission denied");
  // With rights to use the tables and to make none it starts, also when it would make those that are missing.
  sql("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + where_.schema + " TO guest");
  EXPECT_EQ(refusal(true), "");
  sql("REVOKE ALL ON ALL TABLES IN SCHEMA " + where_.schema + " FROM guest");
  sql("REVOKE USAGE ON SCHEMA " + where_.schema + " FROM guest");
  sql("DROP ROLE guest");
}

TEST_F(Start, ConnectionMakesItsOwnCommitsSynchronous) {
  EXPECT_EQ(refusal(), "");
  sql("CREATE ROLE hasty LOGIN SUPERUSER; ALTER ROLE hasty SET synchronous_commit = off");
  std::string url = on("shop");
  where_.url = url.replace(url.find("shop@"), 5, "hasty@");
  auto connection = pg::Connection::open(where_, clock_);
  ASSERT_TRUE(connection.has_value());
  EXPECT_EQ(connection->execute("SHOW synchronous_commit", 5s)->text(0, 0), "on");
  expect_says(refusal(), "synchronous_commit is off");
  connection = pg::Failure{};
  sql("DROP ROLE hasty");
}

}  // namespace
}  // namespace scalemart
