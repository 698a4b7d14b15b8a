// The archive over MongoDB's protocol: the suite of every shared archive, and what the sums say of the record.
#include "backend/mongodb/archive.hpp"
#include "tests/archive/archive_suite.hpp"
#include "tests/servers/mongodb_record.hpp"

namespace scalemart::test {
namespace {

class Mongo {
 public:
  SystemOfRecord& record() { return *record_; }
  OrderArchive& archive() { return *archive_; }
  const mongo::Client::Options& where() const { return where_; }

 private:
  mongo::Client::Options where_ = fresh_mongodb();
  SystemClock clock_;
  std::unique_ptr<mongo::MongoRecord> record_ = open_record(where_, clock_);
  std::unique_ptr<mongo::MongoArchive> archive_ = std::move(*mongo::MongoArchive::open({where_}));
};

INSTANTIATE_TYPED_TEST_SUITE_P(Mongo, SharedArchive, Mongo);

using MongoSums = SharedArchive<Mongo>;

TEST_F(MongoSums, DeadLettersAndDriftAreCounted) {
  shop();
  done(Begin{order(13), 1}, at(3000));
  done(Park{order(13), 1, Step::payment, 3, "no answer"}, at(3001));
  const auto fine = totals();
  ASSERT_TRUE(fine) << fine.error().message;
  EXPECT_EQ(fine->parked, 1U);
  EXPECT_EQ(fine->drift, 0);
  mongo::Document which, update, set;
  which.add("_id", to_string(order(13)));
  update.add("$set", set.add("quantity", std::int32_t{5}));
  ASSERT_TRUE((*mongo::Client::open(world().where()))->update("orders", which, update));
  const auto changed = totals();
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_EQ(changed->drift, 3);
}

TEST(MongoArchiveTest, DamagedOrderIsAnErrorAndNotTheEnd) {
  Mongo db;
  const auto client = std::move(*mongo::Client::open(db.where()));
  std::vector<mongo::Document> documents(1);
  documents[0].add("_id", to_string(OrderId{1, 1})).add("status", std::int32_t{77});
  ASSERT_TRUE(client->insert("orders", documents));
  EXPECT_FALSE(db.archive().find({1, 1}));
  EXPECT_FALSE(db.archive().search({}));
}

TEST(MongoArchiveTest, MissingIndexStopsTheStart) {
  const auto archive = mongo::MongoArchive::open({.client = fresh_mongodb(), .create = false});
  ASSERT_FALSE(archive);
  EXPECT_NE(archive.error().message.find("orders (product_id__id) is missing"), std::string::npos)
      << archive.error().message;
}

}  // namespace
}  // namespace scalemart::test
