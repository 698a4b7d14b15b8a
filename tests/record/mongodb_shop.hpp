#pragma once
// A fresh shop in a test's database of MongoDB's protocol, and ways to look at it.

#include <algorithm>
#include <atomic>

#include "tests/servers/mongodb_record.hpp"

namespace scalemart::test {

class MongoShop : public ::testing::Test {
 protected:
  static constexpr std::chrono::seconds kPatience{20};

  std::unique_ptr<mongo::MongoRecord> another(mongo::Claims::Hook hook = {}) {
    return open_record(where_, clock_, std::move(hook));
  }
  ProductRef create(const std::string& id, std::int64_t total, std::uint32_t cap = 0) {
    return one(CreateProduct{spec(id, cap), total}).answers.at(0).product;
  }
  static std::shared_ptr<ProductSpec> spec(const std::string& id, std::uint32_t cap = 0) {
    auto spec = std::make_shared<ProductSpec>();
    spec->id = id;
    spec->details.name = id;
    spec->terms.price = 700;
    spec->terms.per_user_limit = cap;
    return spec;
  }
  RecordedBatch one(Command command, std::chrono::milliseconds within = kPatience) {
    return record_->commit(std::span(&command, 1), now_, within);
  }
  Reserve buy(std::uint64_t buyer, ProductRef product = ProductRef{0}, std::uint64_t key = 0) {
    Reserve reserve;
    reserve.order = {77, ++orders_};
    reserve.buyer = {5, buyer};
    reserve.product = product;
    reserve.hold_ms = 60'000;
    if (key != 0) reserve.key = {9, key};
    return reserve;
  }
  std::optional<OrderView> find(OrderId order) {
    const OrderId ids[] = {order};
    auto found = record_->find(ids, kPatience);
    EXPECT_TRUE(found.has_value()) << found.error().message;
    return found ? (*found)[0] : std::nullopt;
  }
  ProductRecord product(ProductRef ref) {
    const auto products = record_->products(kPatience);
    EXPECT_TRUE(products.has_value()) << products.error().message;
    return products ? products->at(index_of(ref)) : ProductRecord{};
  }
  void expect_no_drift() {
    const auto recount = record_->recount(kPatience);
    ASSERT_TRUE(recount.has_value()) << recount.error().message;
    for (const RecordDrift& drift : recount->drift)
      ADD_FAILURE() << drift.what << ": expected " << drift.expected << ", found " << drift.found;
  }
  /// Past the record.
  std::unique_ptr<mongo::Client> other() { return std::move(*mongo::Client::open(where_)); }

  SystemClock clock_;
  const WallTime now_{1'800'000'000'000};
  const mongo::Client::Options where_ = fresh_mongodb(std::chrono::milliseconds(1500));
  std::unique_ptr<mongo::MongoRecord> record_ = open_record(where_, clock_);
  std::atomic<std::uint64_t> orders_{0};
};

}  // namespace scalemart::test
