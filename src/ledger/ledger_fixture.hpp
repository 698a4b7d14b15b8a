#pragma once
// A small shop for the tests of this folder.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ledger/ledger.hpp"

namespace scalemart::testing {

inline OrderId order_id(std::uint64_t n) {
  return {1, n};
}
inline UserId buyer_id(std::uint64_t n) {
  return {2, n};
}
inline KeyDigest key(std::uint64_t n) {
  return {3, n};
}

struct Shop {
  Ledger ledger;
  std::vector<Record> records;
  WallTime now{1'000'000};

  Answer operator()(const Command& command) { return ledger.execute(command, now, records); }

  static std::shared_ptr<ProductSpec> spec(const std::string& id, std::uint32_t cap = 0) {
    auto s = std::make_shared<ProductSpec>();
    s->id = id;
    s->details.name = "Name of " + id;
    s->terms.price = 1999;
    s->terms.per_user_limit = cap;
    return s;
  }
  ProductRef product(const std::string& id, std::int64_t total, std::uint32_t cap = 0) {
    const Answer a = (*this)(CreateProduct{spec(id, cap), total});
    EXPECT_EQ(a.outcome, Outcome::done);
    return a.product;
  }
  /// Order `n` of one unit, by buyer `n`, without a key.
  Reserve buy(std::uint64_t n, std::uint32_t quantity = 1, ProductRef ref = ProductRef{0}) const {
    return {
        .order = order_id(n), .buyer = buyer_id(n), .product = ref, .quantity = quantity, .hold_ms = 1000, .key = {}};
  }
  [[nodiscard]] Stock stock(ProductRef ref = ProductRef{0}) const { return ledger.product(ref).stock; }
  [[nodiscard]] OrderStatus status(std::uint64_t n) const { return ledger.find(order_id(n))->status; }

  /// The same state from the records alone.
  [[nodiscard]] Ledger replayed() const {
    Ledger again;
    for (const Record& record : records) {
      const auto applied = again.apply(record);
      EXPECT_TRUE(applied.has_value()) << applied.error().message;
    }
    return again;
  }
};

}  // namespace scalemart::testing
