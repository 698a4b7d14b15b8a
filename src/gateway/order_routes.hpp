#pragma once
// /api/orders/*: a buyer's own orders.

#include "base/task_pool.hpp"
#include "gateway/route.hpp"
#include "port/invoices.hpp"
#include "port/sale_ledger.hpp"

namespace scalemart {

class Catalogue;

struct OrderServices {
  OrderBook& orders;
  SaleLedger& ledger;
  const Catalogue& catalogue;
  Invoices& invoices;
  TaskPool& pool;  ///< Renders invoices.
};

/// The services outlive the routes.
[[nodiscard]] Routes order_routes(OrderServices services);

}  // namespace scalemart
