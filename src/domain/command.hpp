#pragma once
// What the ledger can be asked to do, and what it answers. Plain values: no behaviour, no I/O.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "domain/ids.hpp"
#include "domain/order.hpp"
#include "domain/product.hpp"

namespace scalemart {

// --- a buyer's ---------------------------------------------------------------------------------------
/// Take units and make an order of them. Same (buyer, key) and same (product, quantity): the first order
/// again.
struct Reserve {
  OrderId order;  ///< Chosen by the caller, unique.
  UserId buyer;
  ProductRef product{};
  std::uint32_t quantity = 1;  ///< 1..kQuantityMax
  std::uint32_t hold_ms = 0;   ///< How long the units stay held while unpaid.
  KeyDigest key;               ///< Empty: every call is a new order.
};
struct Cancel {
  OrderId order;
  UserId buyer;
};  ///< Only while pending.

// --- fulfilment's; `fence` grows with every lease, a completion with an older one is refused ----------
struct Begin {
  OrderId order;
  std::uint32_t fence = 0;
};  ///< pending -> processing: the hold cannot expire any more
struct Confirm {
  OrderId order;
  std::uint32_t fence = 0;
  std::string payment_reference;
};
struct Decline {
  OrderId order;
  std::uint32_t fence = 0;
  StatusReason reason = StatusReason::payment_declined;
};
struct FinishStep {
  OrderId order;
  std::uint32_t fence = 0;
  Step step = Step::invoice;
};  ///< invoice or mail
struct Park {
  OrderId order;
  std::uint32_t fence = 0;
  Step step = Step::payment;
  std::uint32_t attempts = 0;
  std::string reason;
};

// --- the clock's --------------------------------------------------------------------------------------
/// Ends holds whose time is over, oldest first, at most `limit` in one go.
struct ExpireDue {
  std::uint32_t limit = 256;
};

// --- an administrator's -------------------------------------------------------------------------------
struct CreateProduct {
  std::shared_ptr<const ProductSpec> spec;
  std::int64_t total = 0;
};
struct ChangeProduct {
  ProductRef product{};
  std::shared_ptr<const ProductSpec> spec;
};
struct RemoveProduct {
  ProductRef product{};
};  ///< Refused while orders are open; the history stays.
struct AdjustStock {
  ProductRef product{};
  std::int64_t delta = 0;
  std::string reason;
};
struct SetPaused {
  ProductRef product{};
  bool paused = false;
};
struct Refund {
  OrderId order;
};  ///< confirmed -> refunded; the units come back
struct Unpark {
  OrderId order;
};  ///< A dead letter is tried again.
/// A dead letter is given up: an unpaid order fails and returns its units; a paid one skips the step.
struct Discard {
  OrderId order;
};

using Command = std::variant<Reserve, Cancel, Begin, Confirm, Decline, FinishStep, Park, ExpireDue, CreateProduct,
                             ChangeProduct, RemoveProduct, AdjustStock, SetPaused, Refund, Unpark, Discard>;

/// Refusals are values. Where several apply, the first in the order of this list is given.
enum class Outcome : std::uint8_t {
  done,
  replayed,  ///< Reserve: this key already made this very order.
  // refusals of Reserve, by precedence
  idempotency_conflict,  ///< The key was used with another product or quantity.
  product_not_found,
  sale_paused,
  sale_not_started,
  sale_ended,
  out_of_stock,
  purchase_limit,
  // refusals of the others
  order_not_found,  ///< Also for another buyer's order.
  invalid_state,    ///< The arrow does not exist from here.
  stale_fence,      ///< A newer lease has the order.
  product_exists,
  invalid_value,  ///< Out of bounds, or it would make stock negative.
  // not the ledger's: nothing was asked of it
  overloaded,
  read_only,    ///< No room on the disk for more than releases.
  unavailable,  ///< The shared record cannot be reached: nothing happened.
  unknown,      ///< It did not answer in time: it may or may not have happened. Ask by order or key, later.
};
inline constexpr int kOutcomeCount = 18;
[[nodiscard]] std::string_view to_text(Outcome outcome);
[[nodiscard]] constexpr bool is_success(Outcome o) {
  return o == Outcome::done || o == Outcome::replayed;
}

struct Answer {
  Outcome outcome = Outcome::overloaded;
  bool final = false;  ///< out_of_stock: nothing is held, so nothing can come back.
  std::uint32_t quantity = 0;
  Sequence sequence = 0;  ///< Success of Reserve: the accepting record's; otherwise the last record decided before.
  OrderId order;          ///< Reserve: the order; a replay names the first one.
  ProductRef product{};
  MinorUnits unit_price = 0;
  std::uint32_t count = 0;  ///< ExpireDue: how many ended.
};

}  // namespace scalemart
