#include "backend/postgresql/order_rows.hpp"

#include <algorithm>

namespace scalemart::pg {

OrderView read_view(const Rows& rows, int row) {
  const auto time = [&](int column) { return WallTime{rows.integer(row, column)}; };
  OrderView view;
  view.id = rows.id<OrderId>(row, kViewId);
  view.buyer = rows.id<UserId>(row, kViewBuyer);
  view.product = ProductRef{static_cast<std::uint32_t>(rows.integer(row, kViewProduct))};
  view.product_id = rows.text(row, kViewSlug);
  const std::string_view currency = rows.text(row, kViewCurrency);
  std::copy_n(currency.begin(), std::min<std::size_t>(currency.size(), 3), view.currency.code.begin());
  view.quantity = static_cast<std::uint32_t>(rows.integer(row, kViewQuantity));
  view.unit_price = rows.integer(row, kViewPrice);
  view.status = static_cast<OrderStatus>(rows.integer(row, kViewStatus));
  view.reason = static_cast<StatusReason>(rows.integer(row, kViewReason));
  view.sequence = static_cast<Sequence>(rows.integer(row, kViewSequence));
  view.history.reserve(4);
  view.history.push_back({OrderStatus::pending, time(kViewCreated)});
  if (!rows.is_null(row, kViewBegun)) view.history.push_back({OrderStatus::processing, time(kViewBegun)});
  const bool refunded = view.status == OrderStatus::refunded;
  if (!rows.is_null(row, kViewEnded))
    view.history.push_back({refunded ? OrderStatus::confirmed : view.status, time(kViewEnded)});
  if (refunded) view.history.push_back({OrderStatus::refunded, time(kViewRefunded)});
  return view;
}

}  // namespace scalemart::pg
