#pragma once
// The life of an order:
//   pending -> processing -> confirmed -> refunded
//   pending -> expired | cancelled        processing -> failed

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "domain/ids.hpp"
#include "domain/money.hpp"

namespace scalemart {

enum class OrderStatus : std::uint8_t { pending, processing, confirmed, failed, expired, cancelled, refunded };
inline constexpr int kOrderStatusCount = 7;
[[nodiscard]] std::string_view to_text(OrderStatus status);
[[nodiscard]] std::optional<OrderStatus> parse_order_status(std::string_view text);

/// Holding: units are taken from `available` and not yet sold or returned.
[[nodiscard]] constexpr bool is_open(OrderStatus s) {
  return s == OrderStatus::pending || s == OrderStatus::processing;
}

enum class StatusReason : std::uint8_t {
  none,
  payment_declined,
  hold_expired,
  cancelled_by_buyer,
  discarded_by_admin,
  refunded_by_admin
};
[[nodiscard]] std::string_view to_text(StatusReason reason);

/// What is done with an accepted order, in this order; each step is idempotent under the order id.
enum class Step : std::uint8_t { payment, confirm, invoice, mail };
inline constexpr int kStepCount = 4;
[[nodiscard]] std::string_view to_text(Step step);
[[nodiscard]] std::optional<Step> parse_step(std::string_view text);

struct StatusChange {
  OrderStatus status;
  WallTime at;
};

/// An order as its buyer and the console see it.
struct OrderView {
  OrderId id;
  UserId buyer;
  ProductRef product{};
  std::string product_id;
  std::uint32_t quantity = 0;
  MinorUnits unit_price = 0;
  Currency currency;
  OrderStatus status = OrderStatus::pending;
  StatusReason reason = StatusReason::none;
  Sequence sequence = 0;              ///< Of the record that accepted it.
  std::vector<StatusChange> history;  ///< Oldest first; the first is `pending` at the time of the order.
  [[nodiscard]] MinorUnits total() const { return unit_price * quantity; }
};

}  // namespace scalemart
