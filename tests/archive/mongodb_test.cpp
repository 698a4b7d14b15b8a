// The archive over MongoDB's protocol: the suite of every shared archive. Orders are decided by a record in memory, and
// written as the documents that a record in this database keeps.
#include <map>

#include "backend/mongodb/archive.hpp"
#include "backend/mongodb/order_document.hpp"
#include "sequencer/ledger_record.hpp"
#include "tests/archive/archive_suite.hpp"
#include "tests/servers/mongodb.hpp"

namespace scalemart::test {
namespace {

class MirroredRecord final : public SystemOfRecord {
 public:
  explicit MirroredRecord(const mongo::Client::Options& where) : client_(std::move(*mongo::Client::open(where))) {}

  RecordedBatch commit(std::span<const Command> commands, WallTime now, std::chrono::milliseconds within) override {
    for (const Command& command : commands)
      if (const auto* confirm = std::get_if<Confirm>(&command)) payments_[confirm->order] = confirm->payment_reference;
    RecordedBatch batch = record_.commit(commands, now, within);
    for (const OrderChange& change : batch.changes) {
      const auto view = record_.find(std::span(&change.order, 1), within);
      mongo::Document old;
      EXPECT_TRUE(client_->remove("orders", old.add("_id", to_string(change.order))));
      std::vector<mongo::Document> documents;
      documents.push_back(mongo::order_document({*view->front(), payments_[change.order]}));
      EXPECT_TRUE(client_->insert("orders", documents));
    }
    return batch;
  }
  Result<std::vector<std::optional<OrderView>>> find(std::span<const OrderId> ids,
                                                     std::chrono::milliseconds within) override {
    return record_.find(ids, within);
  }
  Result<std::vector<std::optional<OrderView>>> find_by_key(std::span<const BuyerKey> keys,
                                                            std::chrono::milliseconds within) override {
    return record_.find_by_key(keys, within);
  }
  Result<std::vector<OrderView>> of_buyer(UserId buyer, OrderId before, std::size_t limit,
                                          std::chrono::milliseconds within) override {
    return record_.of_buyer(buyer, before, limit, within);
  }
  Result<std::vector<UsedKey>> used_keys(OrderId after, std::size_t limit, std::chrono::milliseconds within) override {
    return record_.used_keys(after, limit, within);
  }
  Result<std::vector<ProductRecord>> products(std::chrono::milliseconds within) override {
    return record_.products(within);
  }
  Result<Sweep> unfinished(SweepCursor after, std::size_t limit, std::chrono::milliseconds within) override {
    return record_.unfinished(after, limit, within);
  }
  Result<std::vector<DeadLetter>> dead_letters(std::size_t limit, std::chrono::milliseconds within) override {
    return record_.dead_letters(limit, within);
  }
  Result<std::optional<WallTime>> next_expiry(std::chrono::milliseconds within) override {
    return record_.next_expiry(within);
  }
  Result<Recount> recount(std::chrono::milliseconds within) override { return record_.recount(within); }

 private:
  LedgerRecord record_;
  std::unique_ptr<mongo::Client> client_;
  std::map<OrderId, std::string> payments_;
};

class Mongo {
 public:
  SystemOfRecord& record() { return record_; }
  OrderArchive& archive() { return *archive_; }
  const mongo::Client::Options& where() const { return where_; }

 private:
  mongo::Client::Options where_ = fresh_mongodb();
  MirroredRecord record_{where_};
  std::unique_ptr<mongo::MongoArchive> archive_ = std::move(*mongo::MongoArchive::open({where_}));
};

INSTANTIATE_TYPED_TEST_SUITE_P(Mongo, SharedArchive, Mongo);

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
