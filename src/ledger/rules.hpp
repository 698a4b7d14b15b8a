#pragma once
// The rules that need one order or one product only. Deciding a command and checking a record on replay ask
// the same functions. Outcome::done: the rule allows it.

#include "domain/command.hpp"
#include "domain/validity.hpp"
#include "ledger/order_row.hpp"
#include "ledger/product.hpp"

namespace scalemart::rules {

/// The stock after adding `delta` to total and available, or false when a bound forbids it.
[[nodiscard]] bool adjusted(const Stock& stock, std::int64_t delta, Stock& result);

/// Sale rules of a buy, in the order of Outcome, without the cap.
[[nodiscard]] Outcome may_sell(const Product& product, std::uint32_t quantity, WallTime at);

[[nodiscard]] Outcome may_begin(const OrderRow& order, std::uint32_t fence);
/// Only the worker with the last lease may go on.
[[nodiscard]] Outcome has_lease(const OrderRow& order, std::uint32_t fence);
/// Confirm and Decline.
[[nodiscard]] Outcome may_settle(const OrderRow& order);
/// Invoice and mail are finished after the order is confirmed; the other steps end with the status.
[[nodiscard]] Outcome may_finish(const OrderRow& order);
[[nodiscard]] bool is_finished(const OrderRow& order, Step step);
[[nodiscard]] Outcome may_park(const OrderRow& order, Step step);
[[nodiscard]] Outcome may_expire(const OrderRow& order, WallTime at);

}  // namespace scalemart::rules
