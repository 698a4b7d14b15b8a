#include "gateway/order_csv.hpp"

#include "domain/time_text.hpp"

namespace scalemart {

std::string order_csv_head() {
  return "order_id,sequence,buyer_id,product_id,quantity,unit_price_minor,total_minor,currency,status,status_"
         "reason,"
         "created_at,confirmed_at,payment_reference\r\n";
}

void append_csv_field(std::string& out, std::string_view text) {
  const bool is_formula = !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
  const bool is_quoted = text.find_first_of(",\"\r\n") != std::string_view::npos;
  if (is_quoted) out += '"';
  if (is_formula) out += '\'';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  if (is_quoted) out += '"';
}

void append_csv(std::string& out, const ArchivedOrder& archived) {
  const OrderView& order = archived.order;
  std::string created;
  std::string confirmed;
  for (const StatusChange& change : order.history) {
    if (change.status == OrderStatus::pending) created = to_rfc3339(change.at);
    if (change.status == OrderStatus::confirmed) confirmed = to_rfc3339(change.at);
  }
  const std::string fields[] = {to_string(order.id),
                                std::to_string(order.sequence),
                                to_string(order.buyer),
                                order.product_id,
                                std::to_string(order.quantity),
                                std::to_string(order.unit_price),
                                std::to_string(order.total()),
                                std::string(order.currency.text()),
                                std::string(to_text(order.status)),
                                std::string(to_text(order.reason)),
                                created,
                                confirmed,
                                archived.payment_reference};
  bool first = true;
  for (const std::string& field : fields) {
    if (!first) out += ',';
    first = false;
    append_csv_field(out, field);
  }
  out += "\r\n";
}

}  // namespace scalemart
