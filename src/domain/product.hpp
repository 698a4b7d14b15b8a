#pragma once
// A product and its sale: what is sold, at which terms, and how many units are where.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "domain/ids.hpp"
#include "domain/money.hpp"

namespace scalemart {

/// Bounds of every product; the API document repeats them.
inline constexpr std::int64_t kStockMax = 1'000'000'000;
inline constexpr std::uint32_t kQuantityMax = 10;  ///< Units in one order.
inline constexpr std::size_t kNameMax = 200;
inline constexpr std::size_t kDescriptionMax = 4000;
inline constexpr std::size_t kImageUrlMax = 500;
inline constexpr std::size_t kReasonMax = 200;

/// For people only: the ledger stores it and never reads it.
struct ProductDetails {
  std::string name;
  std::string description;
  std::string image_url;
  std::optional<MinorUnits> list_price;
  bool operator==(const ProductDetails&) const = default;
};

/// What decides whether a unit may be sold, to whom, and for how much.
struct SaleTerms {
  MinorUnits price = 0;
  std::optional<WallTime> starts_at;  ///< Absent: from the beginning.
  std::optional<WallTime> ends_at;    ///< Absent: never. The sale is over at this instant.
  std::uint32_t per_user_limit = 0;   ///< Pending + confirmed units one buyer may have; 0: no limit.
  bool operator==(const SaleTerms&) const = default;
};

/// A product as an administrator writes it. id and currency never change.
struct ProductSpec {
  std::string id;
  Currency currency;
  ProductDetails details;
  SaleTerms terms;
  bool operator==(const ProductSpec&) const = default;
};

/// available + held + sold == total, always, and none is negative.
struct Stock {
  std::int64_t total = 0;
  std::int64_t available = 0;
  std::int64_t held = 0;  ///< In orders that are pending or processing.
  std::int64_t sold = 0;  ///< In confirmed orders.
  bool operator==(const Stock&) const = default;
};

enum class ProductState : std::uint8_t { scheduled, live, paused, sold_out, ended };
[[nodiscard]] std::string_view to_text(ProductState state);

/// What the shop shows at `now`. Precedence: ended, paused, scheduled, sold out, live.
[[nodiscard]] ProductState state_at(const SaleTerms& terms, const Stock& stock, bool paused, WallTime now);

}  // namespace scalemart
