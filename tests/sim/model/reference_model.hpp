#pragma once
// The rules of the sale a second time, as plainly as they can be said: a list of orders, and every number
// counted from it whenever it is asked for. Slow on purpose. Shares no code with src/ledger/.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/command.hpp"

namespace scalemart::sim {

class ReferenceModel {
 public:
  struct Order {
    OrderId id;
    UserId buyer;
    std::uint32_t product = 0;
    std::uint32_t quantity = 0;
    std::uint32_t hold_ms = 0;
    MinorUnits price = 0;
    KeyDigest key;
    Sequence sequence = 0;
    std::int64_t created = 0;
    OrderStatus status = OrderStatus::pending;
    StatusReason reason = StatusReason::none;
    std::uint32_t fence = 0;
    bool invoice = false;
    bool mail = false;
    std::optional<Step> parked;
  };

  Answer execute(const Command& command, WallTime now);

  [[nodiscard]] Stock stock(std::uint32_t product) const;
  [[nodiscard]] std::uint32_t product_count() const { return static_cast<std::uint32_t>(products_.size()); }
  [[nodiscard]] bool paused(std::uint32_t product) const { return products_[product].paused; }
  [[nodiscard]] bool removed(std::uint32_t product) const { return products_[product].removed; }
  [[nodiscard]] const std::vector<Order>& orders() const { return orders_; }
  [[nodiscard]] Sequence sequence() const { return sequence_; }
  [[nodiscard]] std::optional<WallTime> next_expiry() const;

 private:
  struct Product {
    ProductSpec spec;
    std::int64_t total = 0;
    bool paused = false;
    bool removed = false;
  };

  Answer on(const Reserve& c);
  Answer on(const Cancel& c);
  Answer on(const Begin& c);
  Answer on(const Confirm& c);
  Answer on(const Decline& c);
  Answer on(const FinishStep& c);
  Answer on(const Park& c);
  Answer on(const ExpireDue& c);
  Answer on(const CreateProduct& c);
  Answer on(const ChangeProduct& c);
  Answer on(const RemoveProduct& c);
  Answer on(const AdjustStock& c);
  Answer on(const SetPaused& c);
  Answer on(const Refund& c);
  Answer on(const Unpark& c);
  Answer on(const Discard& c);

  Order* find(OrderId id);
  Product* find(ProductRef ref);
  Answer say(Outcome outcome) const;
  Answer say(Outcome outcome, const Order& order) const;
  Answer say(Outcome outcome, ProductRef product) const;
  void record();

  std::vector<Product> products_;
  std::vector<Order> orders_;
  Sequence sequence_ = 0;
  std::int64_t now_ = 0;        ///< Of the command at hand.
  std::int64_t last_time_ = 0;  ///< Of the last record.
};

}  // namespace scalemart::sim
