#pragma once
// What happened in the shop, in the order in which it happened, for who tells others of it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "domain/order.hpp"
#include "domain/product.hpp"

namespace scalemart {

/// An order was accepted (status pending), or came to one of its ends.
struct OrderFact {
  OrderId order;
  UserId buyer;
  std::string product_id;
  std::string product_name;
  std::uint32_t quantity = 0;
  MinorUnits unit_price = 0;
  Currency currency;
  OrderStatus status = OrderStatus::pending;
  StatusReason reason = StatusReason::none;
  std::string payment_reference;  ///< Of a confirmed order.
};

struct ProductFact {
  enum class Kind : std::uint8_t { created, changed, paused, resumed, removed };
  Kind kind = Kind::changed;
  std::shared_ptr<const ProductSpec> spec;
};

struct ShopFact {
  Sequence sequence = 0;
  WallTime at;
  std::variant<std::monostate, OrderFact, ProductFact> what;
  std::optional<ProductRef> stock;  ///< Units of this product went from one place to another.
};

struct ShopFactPage {
  std::vector<ShopFact> facts;  ///< Ascending.
  Sequence read_to = 0;         ///< Everything up to here was looked at.
};

/// A product's stock as it is now.
struct StockNow {
  std::string product_id;
  Stock stock;
  ProductState state = ProductState::live;
  Sequence sequence = 0;  ///< Of the last record it includes.
  WallTime at;
};

/// Purpose: the shop's journal as facts. The journal is the queue of whoever delivers them: what was read may be read
/// again, for ever. Concurrency: any thread that may wait a few milliseconds.
class ShopFacts {
 public:
  virtual ~ShopFacts() = default;
  /// The last record there is. Cheap.
  [[nodiscard]] virtual Sequence head() const = 0;
  /// Facts of about `max` records after `after`. An error: not at the moment.
  [[nodiscard]] virtual Result<ShopFactPage> read(Sequence after, std::size_t max) = 0;
  /// Nothing: there is no such product.
  [[nodiscard]] virtual std::optional<StockNow> stock(ProductRef product) const = 0;
};

}  // namespace scalemart
