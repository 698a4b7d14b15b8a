// The short form of orders, for who reads many of them.
#include "ledger/ledger.hpp"

namespace scalemart {

OrderBrief Ledger::brief_of(Row order) const {
  const OrderRow& row = orders_->at(order);
  return {row.id.get(),   buyers_->id_of(row.buyer),
          row.key.get(),  ProductRef{row.product},
          row.quantity(), static_cast<MinorUnits>(row.unit_price.get()),
          row.status()};
}

std::optional<OrderBrief> Ledger::brief(OrderId id) const {
  const Row row = orders_->find(id);
  if (row == kNoRow) return std::nullopt;
  return brief_of(row);
}

void Ledger::for_each_order(const std::function<void(const OrderBrief&)>& visit) const {
  for (Row row = 0; row < orders_->size(); ++row) visit(brief_of(row));
}

}  // namespace scalemart
