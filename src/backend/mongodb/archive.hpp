#pragma once
// Search and export over the orders in a database of MongoDB's protocol.

#include <memory>

#include "backend/mongodb/client.hpp"
#include "port/order_archive.hpp"
#include "port/sale_totals.hpp"

namespace scalemart::mongo {

/// Purpose: OrderArchive that asks the recorded orders themselves (order_document.hpp), so it is never behind.
/// Operation: each search is one find; an index of its filter ends with the id. Newest first means by id: a ULID begins
/// with the time at which a gateway made it, so orders of different gateways stand as their clocks say. A search by
/// time trusts those clocks by ten minutes.
/// Concurrency: any thread. Errors: as the port says.
/// Limits: totals() reads an index entry of every order, and every open or confirmed order; seconds for a few million.
/// Drift is told of products that stood still while that was done: there is no one moment to compare all at.
class MongoArchive final : public OrderArchive, public SaleTotalsSource {
 public:
  struct Options {
    Client::Options client;
    bool create = true;  ///< Make indexes that are missing. Otherwise they must be there.
  };
  [[nodiscard]] static Result<std::unique_ptr<MongoArchive>> open(const Options& options);

  [[nodiscard]] Result<OrderPage> search(const OrderSearch& search) override;
  [[nodiscard]] Result<std::optional<ArchivedOrder>> find(OrderId id) override;
  [[nodiscard]] Result<SaleTotals> totals() override;
  [[nodiscard]] Sequence applied() const noexcept override { return 0; }

 private:
  explicit MongoArchive(std::unique_ptr<Client> client) : client_(std::move(client)) {}
  [[nodiscard]] Reply<std::vector<ArchivedOrder>> find_orders(const Query& query);

  const std::unique_ptr<Client> client_;
};

}  // namespace scalemart::mongo
