#pragma once
// Search and export over the orders in PostgreSQL.

#include <memory>

#include "backend/postgresql/pool.hpp"
#include "backend/postgresql/schema.hpp"
#include "port/order_archive.hpp"
#include "port/sale_totals.hpp"

namespace scalemart::pg {

/// The archive's indexes (archive.sql), over the tables of the sale.
[[nodiscard]] Part archive_part();

/// Purpose: OrderArchive that asks the record's own tables, so it is never behind.
/// Operation: one statement for every kind of search, planned with its values each time: the planner leaves out what
/// was not asked for and finds the index. Newest first means by id: a ULID begins with the time at which a gateway made
/// it, so orders of different gateways stand as their clocks say. A search by time trusts those clocks by ten minutes.
/// Concurrency: any thread. Errors: as the port says; a search that takes longer than `patience` is one.
class PostgresArchive final : public OrderArchive, public SaleTotalsSource {
 public:
  struct Options {
    Connection::Options connection;
    std::size_t connections = 4;  ///< At most.
    std::chrono::milliseconds patience{20'000};
    bool create = true;  ///< Make what is missing, as the tables' owner. Otherwise it must be there.
  };
  [[nodiscard]] static Result<std::unique_ptr<PostgresArchive>> open(Options options, const Clock& clock);

  [[nodiscard]] Result<OrderPage> search(const OrderSearch& search) override;
  [[nodiscard]] Result<std::optional<ArchivedOrder>> find(OrderId id) override;
  [[nodiscard]] Result<SaleTotals> totals() override;
  [[nodiscard]] Sequence applied() const noexcept override { return 0; }

 private:
  PostgresArchive(Options options, const Clock& clock);
  [[nodiscard]] Result<Rows> ask(const Statement& statement, const Parameters& parameters);

  const std::chrono::milliseconds patience_;
  Pool pool_;
};

}  // namespace scalemart::pg
