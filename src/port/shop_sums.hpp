#pragma once
// A shop added up, so that two copies of it can be compared.

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "port/audit_chain.hpp"
#include "port/shop_copy.hpp"

namespace scalemart {

struct ShopSums {
  struct Table {
    std::string name;
    std::uint64_t rows = 0;
    std::string digest;  ///< SHA-256 over all its rows in their order, in hexadecimal digits.
  };
  struct Product {
    std::string id;
    Stock stock;
    std::int64_t held = 0;  ///< By its orders.
    std::int64_t sold = 0;
    std::int64_t total = 0;  ///< By its events.
    [[nodiscard]] bool agrees() const {
      return stock.total == total && stock.held == held && stock.sold == sold &&
             stock.available + stock.held + stock.sold == stock.total;
    }
  };
  struct Money {
    MinorUnits confirmed = 0;
    MinorUnits refunded = 0;
  };
  std::vector<Table> tables;
  std::vector<Product> products;
  std::array<std::uint64_t, kOrderStatusCount> orders{};  ///< By status.
  std::uint64_t dead_letters = 0;
  std::uint64_t keys = 0;  ///< Orders under an idempotency key.
  std::map<std::string, Money> money;
  std::uint64_t admins = 0;
  AuditCheck audit;

  [[nodiscard]] std::string digest() const;
  /// What does not fit together in it, one sentence each.
  [[nodiscard]] std::vector<std::string> faults() const;
};

/// In what two copies differ, one sentence each. Empty: they are the same.
[[nodiscard]] std::vector<std::string> differences(const ShopSums& from, const ShopSums& to);

/// Purpose: adds up what it is given. Amounts that no 64 bits hold stay at the greatest.
class ShopSummary final : public ShopSink {
 public:
  ShopSummary();
  ~ShopSummary() override;
  Result<void> take(std::span<const CopiedProduct> products) override;
  Result<void> take(std::span<const ProductEvent> events) override;
  Result<void> take(std::span<const CopiedOrder> orders) override;
  Result<void> take(std::span<const CopiedUser> users) override;
  Result<void> take(std::span<const CopiedLogin> logins) override;
  Result<void> take(std::span<const CopiedRevocation> revocations) override;
  Result<void> take(std::span<const AuditRow> rows) override;
  Result<void> take(std::span<const Setting> settings) override;
  /// Once, after everything.
  [[nodiscard]] ShopSums finish();

 private:
  class RowHash;
  ShopSums sums_;
  AuditWalk audit_;
  std::vector<std::string> currencies_;  ///< By product.
  std::vector<std::unique_ptr<RowHash>> hashes_;
};

}  // namespace scalemart
