#include "port/invoices.hpp"

namespace scalemart {

InvoiceData invoice_of(const OpenOrder& order, const ProductSpec& product) {
  return {order.id,         product.id,       product.details.name, order.quantity,
          order.unit_price, product.currency, order.created,        order.confirmed};
}

InvoiceData invoice_of(const OrderView& order, const ProductSpec& product) {
  OpenOrder open;
  open.id = order.id;
  open.quantity = static_cast<std::uint8_t>(order.quantity);
  open.unit_price = order.unit_price;
  for (const StatusChange& change : order.history) {
    if (change.status == OrderStatus::pending) open.created = change.at;
    if (change.status == OrderStatus::confirmed) open.confirmed = change.at;
  }
  return invoice_of(open, product);
}

}  // namespace scalemart
