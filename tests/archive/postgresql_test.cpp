// The archive over PostgreSQL: the suite of every shared archive, and what is this database's own.
#include "backend/postgresql/archive.hpp"

#include <thread>

#include "tests/archive/archive_suite.hpp"
#include "tests/servers/postgresql.hpp"

namespace scalemart::test {
namespace {

class Postgres {
 public:
  Postgres() : record_(open_record(where_, clock_)), archive_(*pg::PostgresArchive::open({where_}, clock_)) {}
  SystemOfRecord& record() { return *record_; }
  OrderArchive& archive() { return *archive_; }
  /// What a script's last statement answers, line by line.
  std::string sql(const std::string& script) {
    auto connection = pg::Connection::open(where_, clock_);
    EXPECT_TRUE(connection) << connection.error().message;
    const auto rows = connection->execute(script, std::chrono::seconds(60));
    EXPECT_TRUE(rows) << rows.error().message;
    std::string lines;
    for (int row = 0; rows && row < rows->count(); ++row) lines += std::string(rows->text(row, 0)) + '\n';
    return lines;
  }
  void close() { record_.reset(); }
  const pg::Connection::Options& where() const { return where_; }
  const Clock& clock() const { return clock_; }

 private:
  SystemClock clock_;
  pg::Connection::Options where_ = fresh_postgresql();
  std::unique_ptr<pg::PostgresRecord> record_;
  std::unique_ptr<pg::PostgresArchive> archive_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, SharedArchive, Postgres);

TEST(PostgresArchiveTest, ChangedSumsAreFoundByTheRecount) {
  Postgres db;
  auto spec = std::make_shared<ProductSpec>();
  spec->id = "lamp";
  spec->details.name = "Lamp";
  spec->terms.price = 100;
  const Command create = CreateProduct{spec, 10};
  ASSERT_EQ(db.record().commit(std::span(&create, 1), {1}, std::chrono::seconds(20)).fate, Fate::committed);
  db.sql("UPDATE stock SET earned = 5");
  const auto recount = db.record().recount(std::chrono::seconds(20));
  ASSERT_TRUE(recount) << recount.error().message;
  ASSERT_EQ(recount->drift.size(), 1u);
  EXPECT_EQ(recount->drift[0].what, "money earned of lamp");
  EXPECT_EQ(recount->drift[0].found, 5);
}

TEST(PostgresArchiveTest, MissingIndexStopsTheStart) {
  Postgres db;
  db.sql("DROP INDEX orders_product_index");
  const auto archive = pg::PostgresArchive::open({db.where()}, db.clock());
  ASSERT_FALSE(archive);
  EXPECT_NE(archive.error().message.find("orders_product_index is missing"), std::string::npos);
}

// An order that goes well changes no index but at its begin and end, with the archive's as well.
TEST(PostgresArchiveTest, ChangesOfAnOrderStayOnItsPage) {
  Postgres db;
  auto spec = std::make_shared<ProductSpec>();
  spec->id = "lamp";
  spec->details.name = "Lamp";
  spec->terms.price = 100;
  const OrderId id{1'700'000'000'000ULL << 16, 1};
  const Command life[] = {CreateProduct{spec, 10}, Reserve{id, {7, 7}, ProductRef{0}, 1, 600'000, {1, 1}}, Begin{id, 1},
                          Confirm{id, 1, "paid"}, FinishStep{id, 1, Step::invoice}};
  for (const Command& command : life)
    ASSERT_EQ(db.record().commit(std::span(&command, 1), {1}, std::chrono::seconds(20)).answers.at(0).outcome,
              Outcome::done);
  db.close();  // the server's processes tell what they did when they end
  std::string counted;
  for (int i = 0; i < 500 && counted != "3 3\n"; ++i) {
    counted = db.sql(
        "SELECT n_tup_upd || ' ' || n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'orders'"
        " AND schemaname = current_schema()");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(counted, "3 3\n");
}

}  // namespace
}  // namespace scalemart::test
