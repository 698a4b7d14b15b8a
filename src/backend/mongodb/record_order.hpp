#pragma once
// An order with everything that the record keeps of it.

#include "backend/mongodb/order_document.hpp"

namespace scalemart::mongo {

/// The document of order_document.hpp with these members more: number (order of acceptance), changed (the product's
/// sequence of the last record about it), fence, invoice, mail (0 open, 1 finished, 2 skipped), once? (buyer and
/// idempotency key); while something is left to do: due (end of the hold), due_no (number); while pending: hold and
/// hold_no, the same two; as a dead letter: parked_no (number), parked_step, parked_attempts, parked_reason, parked_at.
/// Each pair is an index that holds only the orders it is about.
struct RecordedOrder {
  enum StepState : std::int32_t { open = 0, finished = 1, skipped = 2 };
  struct Parked {
    Step step = Step::payment;
    std::uint32_t attempts = 0;
    std::string reason;
    WallTime at;
  };

  OrderView view;
  std::string payment;
  KeyDigest key;
  std::int64_t number = 0;
  Sequence changed = 0;
  WallTime hold_ends;  ///< Known while the order is unfinished.
  std::uint32_t fence = 0;
  std::int32_t invoice = open;
  std::int32_t mail = open;
  std::optional<Parked> parked;

  [[nodiscard]] bool has_steps_left() const {
    return view.status == OrderStatus::confirmed && (invoice == open || mail == open);
  }
  [[nodiscard]] bool is_unfinished() const { return is_open(view.status) || has_steps_left(); }
  [[nodiscard]] bool uses_allowance() const { return is_open(view.status) || view.status == OrderStatus::confirmed; }

  [[nodiscard]] Document document() const;
  /// Errors: Malformed.
  [[nodiscard]] static RecordedOrder read(const Reading& document);
};

/// A buyer's idempotency key as one text: nobody has two orders under one.
[[nodiscard]] std::string once_of(UserId buyer, KeyDigest key);

}  // namespace scalemart::mongo
