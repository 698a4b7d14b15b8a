// Names of the domain's enumerations, as the API, the logs and the metrics spell them.
#include <array>

#include "base/check.hpp"
#include "domain/command.hpp"
#include "domain/order.hpp"
#include "domain/product.hpp"

namespace scalemart {
namespace {

template <std::size_t N, class Enum>
std::string_view name_of(const std::array<std::string_view, N>& names, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  SCALEMART_CHECK(index < N);
  return names[index];
}

constexpr std::array<std::string_view, kOrderStatusCount> kOrderStatus{"pending", "processing", "confirmed", "failed",
                                                                       "expired", "cancelled",  "refunded"};

}  // namespace

std::string_view to_text(ProductState state) {
  return name_of(std::array<std::string_view, 5>{"scheduled", "live", "paused", "sold_out", "ended"}, state);
}

std::string_view to_text(OrderStatus status) {
  return name_of(kOrderStatus, status);
}

std::optional<OrderStatus> parse_order_status(std::string_view text) {
  for (std::size_t i = 0; i < kOrderStatus.size(); ++i)
    if (kOrderStatus[i] == text) return static_cast<OrderStatus>(i);
  return std::nullopt;
}

std::string_view to_text(StatusReason reason) {
  return name_of(std::array<std::string_view, 6>{"", "payment_declined", "hold_expired", "cancelled_by_buyer",
                                                 "discarded_by_admin", "refunded_by_admin"},
                 reason);
}

std::string_view to_text(Step step) {
  return name_of(std::array<std::string_view, kStepCount>{"payment", "confirm", "invoice", "mail"}, step);
}

std::optional<Step> parse_step(std::string_view text) {
  for (int i = 0; i < kStepCount; ++i)
    if (to_text(static_cast<Step>(i)) == text) return static_cast<Step>(i);
  return std::nullopt;
}

std::string_view to_text(Outcome outcome) {
  return name_of(
      std::array<std::string_view, kOutcomeCount>{
          "accepted", "replayed", "idempotency_conflict", "product_not_found", "sale_paused", "sale_not_started",
          "sale_ended", "out_of_stock", "purchase_limit", "order_not_found", "invalid_state", "stale_fence",
          "product_exists", "invalid_value", "overloaded", "read_only", "unavailable", "unknown"},
      outcome);
}

ProductState state_at(const SaleTerms& terms, const Stock& stock, bool paused, WallTime now) {
  if (terms.ends_at && now >= *terms.ends_at) return ProductState::ended;
  if (paused) return ProductState::paused;
  if (terms.starts_at && now < *terms.starts_at) return ProductState::scheduled;
  if (stock.available == 0) return ProductState::sold_out;
  return ProductState::live;
}

}  // namespace scalemart
