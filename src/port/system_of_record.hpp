#pragma once
// The shared truth about stock and orders, for many processes at once.

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/command.hpp"
#include "domain/order.hpp"
#include "domain/product.hpp"
#include "port/order_queue.hpp"

namespace scalemart {

/// A product as it is recorded.
struct ProductRecord {
  ProductRef product{};
  std::shared_ptr<const ProductSpec> spec;
  Stock stock;
  bool paused = false;
  bool removed = false;  ///< Its id stays taken, its orders stay readable.
  Sequence sequence = 0;
  std::uint64_t accepted = 0;  ///< Orders ever, whatever became of them.
};

/// A product's stock after a batch.
struct StockRecord {
  ProductRef product{};
  Stock stock;
  Sequence sequence = 0;  ///< Greater: newer.
};

/// An order whose status a batch changed, `pending` for a new one.
struct OrderChange {
  OrderId order;
  UserId buyer;
  ProductRef product{};
  std::uint32_t quantity = 0;
  OrderStatus status = OrderStatus::pending;
  StatusReason reason = StatusReason::none;
  WallTime at;
  Sequence sequence = 0;  ///< Of the change.
  /// The units came back to `available`, and to the buyer's allowance.
  [[nodiscard]] bool gave_back() const { return !is_open(status) && status != OrderStatus::confirmed; }
};

/// What became of a batch.
enum class Fate : std::uint8_t {
  committed,    ///< Every command is decided; what was decided is durable.
  unavailable,  ///< Nothing happened, and nothing will.
  unknown,      ///< It may or may not have happened, or may still. Nothing may be given back.
};

struct RecordedBatch {
  Fate fate = Fate::unavailable;
  std::vector<Answer> answers;       ///< As many as commands, in their order. Empty unless committed.
  std::vector<StockRecord> stocks;   ///< Of each product named or touched, each once, by ref.
  std::vector<OrderChange> changes;  ///< In the order they were decided.
  std::vector<ProductRef> terms;     ///< Products that are new, or whose spec, pause or removal changed.
  std::string why;                   ///< Unless committed: one line for an operator.
};

/// One buyer's idempotency key.
struct BuyerKey {
  UserId buyer;
  KeyDigest key;
};

/// An idempotency key that an order was accepted under.
struct UsedKey {
  OrderId order;
  BuyerKey key;
  ProductRef product{};
};

/// Where a walk over unfinished orders stands: the order after which it goes on.
struct SweepCursor {
  std::int64_t due_ms = std::numeric_limits<std::int64_t>::min();
  std::int64_t number = 0;
};

/// An order that still has something to do.
struct SweptOrder {
  OpenOrder order;  ///< attempts and unresolved are the queue's business; begun is `processing`.
  KeyDigest key;
  bool mail_done = false;
  bool parked = false;
  WallTime hold_ends;  ///< Matters while pending.
};

struct Sweep {
  std::vector<SweptOrder> orders;
  SweepCursor next;
  bool finished = false;  ///< Nothing is left after `next`.
};

/// A number that is not what the orders say.
struct RecordDrift {
  ProductRef product{};
  std::string what;
  std::int64_t expected = 0;
  std::int64_t found = 0;
};

struct Recount {
  std::uint64_t products = 0;
  std::uint64_t orders = 0;
  std::vector<RecordDrift> drift;  ///< Empty: every number follows from the orders.
};

/// Purpose: decides the same commands as src/ledger/, with the same outcomes, precedence and conditions, and
/// keeps what was decided, for any number of gateways and workers at once. Correct whatever its callers do:
/// nobody can sell a unit twice through it, however wrong or old a filter in front of it is.
/// Where it differs from the ledger of one machine:
///   * Sequences are per product: the product's record counts 1, every record about it or one of its orders one
///     more. An answer about no product (order_not_found, product_not_found, ExpireDue) carries 0.
///   * Time is per product too: `now` before the product's last record counts as that one.
///   * A batch is decided in the order of its commands, but batches of different callers only have an order
///     where they touch the same product.
///   * ProductRef is given at creation, dense, by the record; all processes use the same.
/// Concurrency: every call from any thread; each blocks up to `within` and a little more. Batches that touch
/// the same product wait for each other.
/// Errors: a batch is whole or absent. commit() never throws for a failure of the store: it says what became
/// of the batch. After `unknown` the caller asks by order id or key, later. Reads say why they failed.
class SystemOfRecord {
 public:
  virtual ~SystemOfRecord() = default;

  /// Durable, with all the copies that the installation asks for, before it returns `committed`.
  [[nodiscard]] virtual RecordedBatch commit(std::span<const Command> commands, WallTime now,
                                             std::chrono::milliseconds within) = 0;

  // --- reading: what was committed before the call is seen ---------------------------------------------
  /// As many as asked, in their order; nullopt: no such order.
  [[nodiscard]] virtual Result<std::vector<std::optional<OrderView>>> find(std::span<const OrderId> ids,
                                                                           std::chrono::milliseconds within) = 0;
  [[nodiscard]] virtual Result<std::vector<std::optional<OrderView>>> find_by_key(std::span<const BuyerKey> keys,
                                                                                  std::chrono::milliseconds within) = 0;
  /// Newest first; `before`: only those older than this order of the same buyer (empty: from the newest).
  [[nodiscard]] virtual Result<std::vector<OrderView>> of_buyer(UserId buyer, OrderId before, std::size_t limit,
                                                                std::chrono::milliseconds within) = 0;
  /// Keys that were used, by order id, those after `after`; fewer than `limit`: there are no more. For who wants to
  /// know them all: new orders come last, but for a few milliseconds.
  [[nodiscard]] virtual Result<std::vector<UsedKey>> used_keys(OrderId after, std::size_t limit,
                                                               std::chrono::milliseconds within) = 0;
  /// All products, removed ones too, by ref.
  [[nodiscard]] virtual Result<std::vector<ProductRecord>> products(std::chrono::milliseconds within) = 0;
  /// Open orders and confirmed ones with steps left, dead letters too, by the end of their hold. One that was
  /// unfinished from before the walk began to after its end is seen once.
  [[nodiscard]] virtual Result<Sweep> unfinished(SweepCursor after, std::size_t limit,
                                                 std::chrono::milliseconds within) = 0;
  /// By acceptance of the order, at most `limit`.
  [[nodiscard]] virtual Result<std::vector<DeadLetter>> dead_letters(std::size_t limit,
                                                                     std::chrono::milliseconds within) = 0;
  /// When the next hold ends; ExpireDue before that does nothing.
  [[nodiscard]] virtual Result<std::optional<WallTime>> next_expiry(std::chrono::milliseconds within) = 0;
  /// Counts everything again from the orders; for `scalemart verify`. Reads every order.
  [[nodiscard]] virtual Result<Recount> recount(std::chrono::milliseconds within) = 0;
};

}  // namespace scalemart
