#pragma once
// The domain as the API writes it. No decisions here.

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "domain/command.hpp"
#include "domain/order.hpp"
#include "flow/catalogue.hpp"
#include "gateway/response.hpp"

namespace scalemart {

[[nodiscard]] boost::json::object render_product(const Offer& offer, const Stock& stock, WallTime now);
/// `X-Server-Time: 2026-11-27T10:00:00.000Z`, a whole header line: the time that sales follow, for clocks that count
/// down. (Date has only seconds, and is the machine's.)
[[nodiscard]] std::string server_time_line(WallTime now);
[[nodiscard]] boost::json::object render_order(const OrderView& order);
/// `{"available":..,"held":..,"sold":..,"state":".."}`, the data of a `stock` event.
[[nodiscard]] std::string render_stock(const Stock& stock, ProductState state);

/// The one table from outcomes to HTTP: status, code, sentence.
struct Refused {
  int status;
  std::string_view code;
  std::string_view detail;
};
[[nodiscard]] Refused refused(Outcome outcome);
/// 404s for what is not there, or not the caller's; 503 for a full queue behind us.
[[nodiscard]] Response product_not_found();
[[nodiscard]] Response order_not_found();
[[nodiscard]] Response too_busy();
/// The error answer for an outcome that is no success.
[[nodiscard]] Response refusal(const Answer& answer);

}  // namespace scalemart
