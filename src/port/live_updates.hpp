#pragma once
// What live viewers of all gateways hear of: changes that any process of the shop committed.

#include <cstdint>
#include <span>

#include "base/clock.hpp"
#include "domain/ids.hpp"
#include "domain/order.hpp"
#include "domain/product.hpp"

namespace scalemart {

/// A product's stock as somebody just saw it in the record.
struct StockNews {
  ProductRef product{};
  Stock stock;
  Sequence sequence = 0;
};

struct OrderNews {
  OrderId order;
  OrderStatus status = OrderStatus::pending;
  StatusReason reason = StatusReason::none;
  WallTime at;
};

/// Receives what other processes published. On the receiver's thread: quick, without exceptions.
class LiveSink {
 public:
  virtual ~LiveSink() = default;
  /// Absolute, so that the newest sequence counts and a lost one does no harm once a later one comes.
  virtual void stocks(std::span<const StockNews> news) noexcept = 0;
  virtual void orders(std::span<const OrderNews> news) noexcept = 0;
  /// Terms, pause or removal of these changed: read them again from the record.
  virtual void terms(std::span<const ProductRef> products) noexcept = 0;
  /// Something may have been missed (the connection was lost, or this process is new): what is shown should be
  /// read again from the record.
  virtual void missed() noexcept = 0;
};

/// Purpose: tells all processes of the shop what this one committed, for those who watch. Best effort: whoever
/// needs the truth asks the record.
/// Operation: changes are gathered and sent together a few times a second; of a product only the latest stock.
/// Concurrency: from any thread; never waits. Bounded: what is too much is replaced by missed() at the receivers.
class LivePublisher {
 public:
  virtual ~LivePublisher() = default;
  virtual void stock_changed(const StockNews& news) noexcept = 0;
  virtual void order_changed(const OrderNews& news) noexcept = 0;
  virtual void terms_changed(ProductRef product) noexcept = 0;
};

}  // namespace scalemart
