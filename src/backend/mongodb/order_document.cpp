#include "backend/mongodb/order_document.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace scalemart::mongo {
namespace {

template <class Id>
Id id_in(const Reading& document, const char* key) {
  const auto id = parse_ulid<Id>(document.text(key));
  if (!id) throw Malformed(std::string(key) + " is no id");
  return *id;
}

template <class Enum>
Enum numbered(const Reading& document, const char* key, int count) {
  const std::int64_t number = document.integer(key);
  if (number < 0 || number >= count) throw Malformed(std::string(key) + " is out of bounds");
  return static_cast<Enum>(number);
}

constexpr int kReasonCount = static_cast<int>(StatusReason::refunded_by_admin) + 1;

}  // namespace

Document order_document(const ArchivedOrder& archived) {
  const OrderView& order = archived.order;
  Document out;
  out.add("_id", to_string(order.id)).add("buyer", to_string(order.buyer));
  out.add("product", static_cast<std::int32_t>(index_of(order.product))).add("product_id", order.product_id);
  out.add("currency", order.currency.text()).add("quantity", static_cast<std::int32_t>(order.quantity));
  out.add("price", order.unit_price).add("amount", order.total());
  out.add("status", static_cast<std::int32_t>(order.status)).add("reason", static_cast<std::int32_t>(order.reason));
  out.add("sequence", static_cast<std::int64_t>(order.sequence));
  for (const StatusChange& change : order.history) {
    const bool ends = change.status != OrderStatus::pending && change.status != OrderStatus::processing &&
                      change.status != OrderStatus::refunded;
    const char* const key = ends                                       ? "ended"
                            : change.status == OrderStatus::pending    ? "created"
                            : change.status == OrderStatus::processing ? "begun"
                                                                       : "refunded";
    out.add(key, change.at.ms);
  }
  if (!archived.payment_reference.empty()) out.add("payment", as_plain_utf8(archived.payment_reference));
  return out;
}

ArchivedOrder read_order(const Reading& document) {
  ArchivedOrder archived;
  OrderView& order = archived.order;
  order.id = id_in<OrderId>(document, "_id");
  order.buyer = id_in<UserId>(document, "buyer");
  order.product = ProductRef{static_cast<std::uint32_t>(document.integer("product"))};
  order.product_id = document.text("product_id");
  const std::string currency = document.text("currency");
  std::copy_n(currency.begin(), std::min<std::size_t>(currency.size(), 3), order.currency.code.begin());
  order.quantity = static_cast<std::uint32_t>(document.integer("quantity"));
  order.unit_price = document.integer("price");
  order.status = numbered<OrderStatus>(document, "status", kOrderStatusCount);
  order.reason = numbered<StatusReason>(document, "reason", kReasonCount);
  order.sequence = static_cast<Sequence>(document.integer("sequence"));
  order.history.push_back({OrderStatus::pending, {document.integer("created")}});
  const bool refunded = order.status == OrderStatus::refunded;
  const auto add = [&](OrderStatus status, const char* key) {
    if (const auto at = document.optional_integer(key)) order.history.push_back({status, {*at}});
  };
  add(OrderStatus::processing, "begun");
  add(refunded ? OrderStatus::confirmed : order.status, "ended");
  add(OrderStatus::refunded, "refunded");
  archived.payment_reference = document.optional_text("payment");
  return archived;
}

}  // namespace scalemart::mongo
