#pragma once
// /api/admin/orders*: search, one order, export, refund.

#include "base/task_pool.hpp"
#include "flow/catalogue.hpp"
#include "gateway/route.hpp"
#include "port/account_store.hpp"
#include "port/order_archive.hpp"
#include "port/payment.hpp"
#include "port/sale_ledger.hpp"

namespace scalemart {

struct ArchiveServices {
  OrderArchive& archive;
  OrderBook& orders;
  SaleLedger& ledger;
  AccountStore& accounts;
  PaymentProvider& payments;
  const Clock& clock;
  TaskPool& pool;  ///< Runs the queries.
};

/// The services outlive the routes.
[[nodiscard]] Routes archive_routes(ArchiveServices services);

/// One order as the console sees it: the buyer's view, the buyer, the payment.
[[nodiscard]] boost::json::object render_archived(const ArchivedOrder& order);

}  // namespace scalemart
