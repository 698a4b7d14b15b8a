#pragma once
// A batch of commands as statements. A run is a part of a batch that one set-based statement decides at once.

#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <span>
#include <vector>

#include "backend/postgresql/connection.hpp"
#include "port/system_of_record.hpp"

namespace scalemart::pg {

/// Collects what the runs of a batch say, in the order in which they were decided.
class BatchAnswers {
 public:
  explicit BatchAnswers(std::size_t commands) { batch_.answers.resize(commands); }

  void answer(std::size_t command, const Answer& answer) { batch_.answers[command] = answer; }
  void change(const OrderChange& change) { batch_.changes.push_back(change); }
  void terms(ProductRef product);
  /// A later one of the same product replaces an earlier one.
  void stock(const StockRecord& stock);

  [[nodiscard]] RecordedBatch finish() &&;

 private:
  RecordedBatch batch_;
  boost::unordered_flat_map<std::uint32_t, std::size_t> places_;  ///< In batch_.stocks.
};

/// Some commands of a batch, in their order, and the statement that decides them.
class SaleRun {
 public:
  virtual ~SaleRun() = default;
  /// Takes one more command, the batch's `place`-th. False: not this kind, or not beside what is here already.
  [[nodiscard]] virtual bool add(const Command& command, std::size_t place) = 0;
  /// No more are added.
  [[nodiscard]] virtual Call call(WallTime now, bool check_ids) = 0;
  virtual void read(const Rows& rows, BatchAnswers& answers) const = 0;
  /// What has to be locked before the batch's first run, when there are several.
  virtual void name_locks(std::vector<std::int32_t>& products, std::vector<OrderId>& orders) const = 0;
  /// True: its statement takes its own locks, and needs no more when it is alone.
  [[nodiscard]] virtual bool locks_alone() const = 0;
};

/// A product's ref as a column holds it; one that cannot exist as -1.
[[nodiscard]] std::int32_t column_of(ProductRef product);

/// Columns first.. of a row: total, available, held, sold, sequence.
[[nodiscard]] StockRecord read_stock(const Rows& rows, int row, int first, ProductRef product);

/// Only Reserve; each order id once, each (buyer, key) once.
[[nodiscard]] std::unique_ptr<SaleRun> make_reserve_run();
/// Everything that names an order, except Reserve; each order once.
[[nodiscard]] std::unique_ptr<SaleRun> make_order_run();
/// One ExpireDue, of holds that end after this.
[[nodiscard]] std::unique_ptr<SaleRun> make_expire_run(std::int64_t after_ms);
/// One command of an administrator about a product.
[[nodiscard]] std::unique_ptr<SaleRun> make_product_run();

}  // namespace scalemart::pg
