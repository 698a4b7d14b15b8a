#pragma once
// An order as a row: how it travels out of sale.sql's tables.

#include "backend/postgresql/values.hpp"
#include "domain/order.hpp"

namespace scalemart::pg {

/// Of `orders o JOIN products p ON p.ref = o.product`.
#define SCALEMART_VIEW_COLUMNS                                                                                       \
  "o.id, o.buyer, o.product, p.slug, p.currency, o.quantity, o.price, o.status, o.reason, o.sequence, o.created_at," \
  " o.begun_at, o.ended_at, o.refunded_at"
/// Their places in a row.
enum ViewColumn {
  kViewId,
  kViewBuyer,
  kViewProduct,
  kViewSlug,
  kViewCurrency,
  kViewQuantity,
  kViewPrice,
  kViewStatus,
  kViewReason,
  kViewSequence,
  kViewCreated,
  kViewBegun,
  kViewEnded,
  kViewRefunded,
  kAfterView
};

[[nodiscard]] OrderView read_view(const Rows& rows, int row);

}  // namespace scalemart::pg
