#pragma once
// The document that goes with a confirmed order.

#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/ids.hpp"
#include "domain/money.hpp"
#include "domain/order.hpp"
#include "domain/product.hpp"
#include "port/order_queue.hpp"

namespace scalemart {

/// All that an invoice shows. The same values always give the same bytes.
struct InvoiceData {
  OrderId order;
  std::string product_id;
  std::string product_name;
  std::uint32_t quantity = 0;
  MinorUnits unit_price = 0;
  Currency currency;
  WallTime ordered_at;
  WallTime confirmed_at;
  [[nodiscard]] MinorUnits total() const { return unit_price * quantity; }
  bool operator==(const InvoiceData&) const = default;
};

/// What the invoice of a confirmed order shows, with the product as it is described now. One invoice, whether
/// a worker asks or the buyer.
[[nodiscard]] InvoiceData invoice_of(const OpenOrder& order, const ProductSpec& product);
[[nodiscard]] InvoiceData invoice_of(const OrderView& order, const ProductSpec& product);

/// Purpose: makes invoices, keeps them, gives them out.
/// Concurrency: thread-safe. Blocks for a render (under 1 ms) and a small file: call it on a pool, not on an
/// event loop.
class Invoices {
 public:
  virtual ~Invoices() = default;
  /// Idempotent: the second call finds or overwrites the same bytes.
  virtual Result<void> issue(const InvoiceData& data) = 0;
  /// The PDF; rendered (and kept) when it is not there.
  virtual Result<std::string> fetch(const InvoiceData& data) = 0;
};

}  // namespace scalemart
