#pragma once
// What the journal keeps: one record per change of the ledger's state. The state is a fold of these.

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "domain/command.hpp"

namespace scalemart {

namespace record {
struct ProductCreated {
  ProductRef product{};
  std::shared_ptr<const ProductSpec> spec;
  std::int64_t total = 0;
};
struct ProductChanged {
  ProductRef product{};
  std::shared_ptr<const ProductSpec> spec;
};
struct ProductRemoved {
  ProductRef product{};
};
struct StockAdjusted {
  ProductRef product{};
  std::int64_t delta = 0;
  std::string reason;
};
struct PauseSet {
  ProductRef product{};
  bool paused = false;
};
struct Reserved {
  OrderId order;
  UserId buyer;
  ProductRef product{};
  std::uint32_t quantity = 0;
  std::uint32_t hold_ms = 0;
  MinorUnits unit_price = 0;
  KeyDigest key;
};
struct Begun {
  OrderId order;
  std::uint32_t fence = 0;
};
struct Confirmed {
  OrderId order;
  std::string payment_reference;
};
struct Failed {
  OrderId order;
  StatusReason reason{};
};
struct Expired {
  OrderId order;
};
struct Cancelled {
  OrderId order;
};
struct Refunded {
  OrderId order;
};
struct StepFinished {
  OrderId order;
  Step step{};
  bool skipped = false;
};
struct Parked {
  OrderId order;
  Step step{};
  std::uint32_t attempts = 0;
  std::string reason;
};
struct Unparked {
  OrderId order;
};

/// The position in this list is the kind's number on disk: only ever append.
using Payload = std::variant<ProductCreated, ProductChanged, ProductRemoved, StockAdjusted, PauseSet, Reserved, Begun,
                             Confirmed, Failed, Expired, Cancelled, Refunded, StepFinished, Parked, Unparked>;
}  // namespace record

struct Record {
  Sequence sequence = 0;
  WallTime at;  ///< Ledger time (see flow/sale_clock.hpp): never runs backwards.
  record::Payload payload;
};

}  // namespace scalemart
