#include "gateway/render.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "base/check.hpp"
#include "domain/time_text.hpp"

namespace scalemart {
namespace {

boost::json::value instant_or_null(const std::optional<WallTime>& time) {
  if (!time) return nullptr;
  return boost::json::value(to_rfc3339(*time));
}

}  // namespace

boost::json::object render_product(const Offer& offer, const Stock& stock, WallTime now) {
  const ProductSpec& spec = *offer.spec;
  boost::json::object out;
  out["id"] = spec.id;
  out["name"] = spec.details.name;
  out["description"] = spec.details.description;
  out["image_url"] = spec.details.image_url;
  out["currency"] = spec.currency.text();
  if (spec.details.list_price)
    out["list_price_minor"] = *spec.details.list_price;
  else
    out["list_price_minor"] = nullptr;
  out["sale_price_minor"] = spec.terms.price;
  out["available"] = stock.available;
  out["sold"] = stock.sold;
  out["held"] = stock.held;
  out["total"] = stock.total;
  out["starts_at"] = instant_or_null(spec.terms.starts_at);
  out["ends_at"] = instant_or_null(spec.terms.ends_at);
  if (spec.terms.per_user_limit != 0)
    out["per_user_limit"] = spec.terms.per_user_limit;
  else
    out["per_user_limit"] = nullptr;
  out["state"] = to_text(state_at(spec.terms, stock, offer.paused, now));
  return out;
}

std::string server_time_line(WallTime now) {
  return "X-Server-Time: " + to_rfc3339(now) + "\r\n";
}

boost::json::object render_order(const OrderView& order) {
  boost::json::object out;
  out["id"] = to_string(order.id);
  out["product_id"] = order.product_id;
  out["quantity"] = order.quantity;
  out["unit_price_minor"] = order.unit_price;
  out["total_minor"] = order.total();
  out["currency"] = order.currency.text();
  out["status"] = to_text(order.status);
  if (order.reason == StatusReason::none)
    out["status_reason"] = nullptr;
  else
    out["status_reason"] = to_text(order.reason);
  out["created_at"] =
      order.history.empty() ? boost::json::value(nullptr) : boost::json::value(to_rfc3339(order.history.front().at));
  out["confirmed_at"] = nullptr;
  boost::json::array history;
  for (const StatusChange& change : order.history) {
    if (change.status == OrderStatus::confirmed) out["confirmed_at"] = to_rfc3339(change.at);
    history.push_back(boost::json::object{{"status", to_text(change.status)}, {"at", to_rfc3339(change.at)}});
  }
  out["history"] = std::move(history);
  out["sequence"] = order.sequence;
  return out;
}

std::string render_stock(const Stock& stock, ProductState state) {
  return fmt::format(R"({{"available":{},"held":{},"sold":{},"total":{},"state":"{}"}})", stock.available, stock.held,
                     stock.sold, stock.total, to_text(state));
}

Refused refused(Outcome outcome) {
  switch (outcome) {
    case Outcome::idempotency_conflict:
      return {409, "idempotency_conflict", "This Idempotency-Key was used for another purchase."};
    case Outcome::product_not_found:
      return {404, "product_not_found", "There is no such product."};
    case Outcome::sale_paused:
      return {409, "sale_paused", "The sale is paused."};
    case Outcome::sale_not_started:
      return {409, "sale_not_started", "The sale has not started yet."};
    case Outcome::sale_ended:
      return {409, "sale_ended", "The sale is over."};
    case Outcome::out_of_stock:
      return {400, "out_of_stock", "Out of stock!"};
    case Outcome::purchase_limit:
      return {409, "purchase_limit", "You already have as many units of this product as one buyer may have."};
    case Outcome::order_not_found:
      return {404, "order_not_found", "There is no such order."};
    case Outcome::invalid_state:
      return {409, "invalid_state", "The present state does not allow this."};
    case Outcome::stale_fence:
      return {409, "invalid_state", "Another worker has taken this order over."};
    case Outcome::product_exists:
      return {409, "product_exists", "A product with this id exists or existed."};
    case Outcome::invalid_value:
      return {409, "invalid_state", "The stock does not allow this change."};
    case Outcome::overloaded:
      return {503, "overloaded", "Too many buyers at once. Nothing was taken; please try again."};
    case Outcome::read_only:
      return {503, "read_only", "The shop takes no orders at the moment. Nothing was taken; please try again later."};
    case Outcome::unavailable:
      return {503, "unavailable", "The shop cannot take orders at the moment. Nothing was taken; please try again."};
    case Outcome::unknown:
      return {
          503, "outcome_unknown",
          "Whether this happened is not known yet. Look at your orders, or repeat it under the same Idempotency-Key."};
    case Outcome::done:
    case Outcome::replayed:
      break;
  }
  SCALEMART_CHECK(!"a success is no refusal");
  return {};
}

Response product_not_found() {
  const Refused row = refused(Outcome::product_not_found);
  return error(row.status, row.code, row.detail);
}

Response order_not_found() {
  const Refused row = refused(Outcome::order_not_found);
  return error(row.status, row.code, row.detail);
}

Response too_busy() {
  return error(503, "overloaded", "Too many requests at once. Please try again.");
}

Response refusal(const Answer& answer) {
  const Refused row = refused(answer.outcome);
  if (answer.outcome != Outcome::out_of_stock) return error(row.status, row.code, row.detail);
  return error(row.status, row.code, row.detail,
               fmt::format(R"("final":{},"sequence":{})", answer.final, answer.sequence));
}

}  // namespace scalemart
