#pragma once
// The tables behind the query store, and how a record changes them.

#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "backend/embedded/sqlite.hpp"
#include "domain/record.hpp"
#include "port/order_archive.hpp"

namespace scalemart {

/// Sums over the orders of one product.
struct ProductSales {
  struct Line {
    std::uint64_t orders = 0;
    std::uint64_t units = 0;
    MinorUnits amount = 0;  ///< Stays at the largest number instead of running over.
  };
  std::string product_id;
  Currency currency;
  std::array<Line, kOrderStatusCount> by_status{};
};

/// Purpose: orders, products, sums per product and status, and the last record they include, all changed in
/// one transaction. An order's row is found by its accepting sequence, so that new ones go to the table's
/// end.
///   product(ref, slug, currency)   orders(sequence, id, product, buyer, ...)   sales(product, status, ...)
///   applied(sequence)              indexes on orders: id; buyer; product, status; status
/// Concurrency: one thread at a time. Errors: after one, broken() says whether the file must be made anew.
class QueryTables {
 public:
  static Result<std::unique_ptr<QueryTables>> open(const std::filesystem::path& file);
  /// The last record that is in a file that no process has open. Changes nothing on disk.
  [[nodiscard]] static Result<Sequence> look_at_applied(const std::filesystem::path& file);

  /// In one transaction; nothing of it remains after an error. Not empty, the first follows applied().
  Result<void> apply(std::span<const Record> records);
  [[nodiscard]] Sequence applied() const noexcept { return applied_; }
  /// The last error meant damage or a contradiction, not a full disk.
  [[nodiscard]] bool broken() const noexcept { return broken_; }

  Result<OrderPage> search(const OrderSearch& search);
  Result<std::optional<ArchivedOrder>> find(OrderId id);
  [[nodiscard]] std::vector<ProductSales> sales() const;

 private:
  using IdBytes = std::array<std::byte, 16>;  ///< Big-endian, so that blobs sort as ids do.
  using Value = std::variant<std::int64_t, IdBytes>;
  /// Part of a WHERE, and what its parameter is.
  struct Condition {
    std::string sql;  ///< Ends before the parameter.
    Value value;
  };
  /// What an order's change needs to know of it.
  struct Known {
    std::int64_t sequence = 0;
    std::int64_t product = 0;
    std::int64_t quantity = 0;
    std::int64_t unit_price = 0;
    OrderStatus status = OrderStatus::pending;
  };
  struct ProductName {
    std::string slug;
    Currency currency;
  };
  using Sums = std::map<std::pair<std::int64_t, OrderStatus>, ProductSales::Line>;
  struct Apply;

  explicit QueryTables(sqlite::Connection db) : db_(std::move(db)) {}
  Result<void> set_up();
  Result<void> prepare();
  Result<void> load();
  Error fail(std::string_view doing);
  Result<void> apply_all(std::span<const Record> records);

  Result<void> put_product(ProductRef ref, const ProductSpec& spec);
  Result<void> insert(const Record& record, const record::Reserved& order);
  Result<Known> known(OrderId id);
  Result<void> move(OrderId id, OrderStatus to, sqlite::Statement& statement, WallTime at, StatusReason reason,
                    std::string_view payment_reference = {});
  void count(const Known& order, OrderStatus status, int sign);
  Result<void> write_sums();

  [[nodiscard]] std::optional<std::int64_t> ref_of(std::string_view slug) const;
  [[nodiscard]] ArchivedOrder order_at(const sqlite::Statement& statement) const;
  Result<void> collect(const std::vector<Condition>& conditions, bool by_id, std::size_t limit,
                       std::vector<ArchivedOrder>& out);
  /// The first place at which an order accepted at `time` or later can be; orders' times only grow.
  Result<std::int64_t> place_of(WallTime time);
  static IdBytes bytes_of(std::uint64_t hi, std::uint64_t lo);

  sqlite::Connection db_;
  sqlite::Statement insert_order_, select_known_, put_sum_, put_applied_, put_product_;
  sqlite::Statement set_begun_, set_ended_, set_refunded_;
  std::map<std::string, sqlite::Statement, std::less<>> searches_;  ///< By their text; a few dozen at most.
  std::map<std::int64_t, ProductName> products_;
  Sums sums_;     ///< As in the table.
  Sums changed_;  ///< The rows this transaction changes, as they will be.
  Sequence applied_ = 0;
  bool broken_ = false;
};

}  // namespace scalemart
