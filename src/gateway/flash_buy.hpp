#pragma once
// POST /api/flash-buy: the hot route.

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <variant>

#include "base/clock.hpp"
#include "flow/purchase.hpp"
#include "gateway/route.hpp"
#include "telemetry/metrics.hpp"

namespace scalemart {

struct FlashBuyBody {
  std::string_view product_id;
  std::uint32_t quantity = 1;
};

/// Reads the plain form that nearly every client sends: an object of the two known members, in any order and
/// spacing, without escapes. Anything else, right or wrong, is left to the schema: nothing is decided here
/// that the schema would decide otherwise (flash_buy_test.cpp compares the two).
[[nodiscard]] std::optional<FlashBuyBody> read_plain_buy(std::string_view body);

/// The general way: strict JSON and the operation's schema.
using CheckBody = std::function<std::variant<boost::json::value, Response>(Exchange&)>;

struct FlashBuyServices {
  const Clock& clock;
  const Catalogue& catalogue;
  const UsedKeys& used_keys;
  const SaleClock& sale_clock;
  SaleLedger& ledger;
  Metrics& metrics;
  CheckBody check_body;
  std::uint32_t hold_ms = 600'000;
  std::chrono::milliseconds deadline{2000};  ///< Not decided by then: 503.
  TraceBook* traces = nullptr;               ///< Where callers are remembered for fulfilment, if anywhere.
};

/// The services outlive the route.
[[nodiscard]] Route flash_buy_route(FlashBuyServices services);

}  // namespace scalemart
