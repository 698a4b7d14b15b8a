#pragma once
// The anti-oversell engine.

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "domain/command.hpp"
#include "domain/record.hpp"
#include "ledger/buyer_book.hpp"
#include "ledger/hold_queue.hpp"
#include "ledger/order_table.hpp"
#include "ledger/product.hpp"
#include "ledger/snapshot.hpp"

namespace scalemart {

/// An order that still has something to do, for the workers after a restart.
struct UnfinishedOrder {
  OrderView order;
  std::uint32_t fence = 0;  ///< Of the last lease; the next must be greater.
  bool invoice_done = false;
  bool mail_done = false;
  bool parked = false;
};

/// What others need of an order in bulk; no allocation.
struct OrderBrief {
  OrderId id;
  UserId buyer;
  KeyDigest key;  ///< Empty: none was given.
  ProductRef product{};
  std::uint32_t quantity = 0;
  MinorUnits unit_price = 0;
  OrderStatus status{};
  [[nodiscard]] MinorUnits total() const { return unit_price * quantity; }
};

/// A dead letter.
struct ParkedOrder {
  OrderId order;
  Step step = Step::payment;
  std::uint32_t attempts = 0;
  std::string reason;
  WallTime since;
};

/// A number that is not what the orders say.
struct Drift {
  ProductRef product{};
  std::string what;  ///< "held", "sold", "total", "units of buyer …", "orders pending", …
  std::int64_t expected = 0;
  std::int64_t found = 0;
};

/// Purpose: decides commands and is the fold of their records. A pure state machine: what it answers and
/// records depends on its records, the command and the time alone. Operation: execute() decides, then
/// applies; apply() is the second half alone, for replay. Concurrency: one owner thread. Only a Snapshot may
/// go to another one. Errors: refusals are Outcomes. std::bad_alloc leaves the state and the caller's records
/// as they were. A broken invariant ends the process. Limits: 2^31 - 1 orders and buyers, 65,535 products,
/// times in [1970, year 10889).
class Ledger {
 public:
  Ledger();
  ~Ledger();
  Ledger(Ledger&&) noexcept;
  Ledger& operator=(Ledger&&) noexcept;

  /// Decides the command at ledger time `now` (a time before the last record's counts as that one), applies
  /// what it decided and appends its records, none for a refusal. Answer.sequence: a Reserve's success
  /// carries its record's; every other answer the last record's after the command, so a refusal the last one
  /// decided before it.
  Answer execute(const Command& command, WallTime now, std::vector<Record>& records);

  /// Applies a record that was decided before. An error says why no ledger can have decided it here; then
  /// nothing has changed.
  Result<void> apply(const Record& record);

  // --- reading ----------------------------------------------------------------------------------------
  [[nodiscard]] Sequence sequence() const { return sequence_; }
  [[nodiscard]] WallTime last_time() const { return last_time_; }  ///< Of the last record; 0 before the first.
  [[nodiscard]] std::optional<OrderView> find(OrderId id) const;
  [[nodiscard]] std::optional<OrderView> find_by_key(UserId buyer, KeyDigest key) const;
  /// Newest first; `before`: only those older than this order of the same buyer (empty: from the newest).
  [[nodiscard]] std::vector<OrderView> of_buyer(UserId buyer, OrderId before, std::size_t limit) const;
  /// product_count() > ref. The reference holds until the ledger goes; removed products are there too.
  [[nodiscard]] const Product& product(ProductRef ref) const;
  [[nodiscard]] std::optional<ProductRef> find_product(std::string_view slug) const;
  [[nodiscard]] std::uint32_t product_count() const { return static_cast<std::uint32_t>(products_.size()); }
  [[nodiscard]] std::uint64_t order_count() const { return orders_->size(); }
  [[nodiscard]] std::uint64_t order_count(OrderStatus status) const {
    return by_status_[static_cast<std::size_t>(status)];
  }
  /// Dead letters, by acceptance of the order.
  [[nodiscard]] std::vector<ParkedOrder> parked() const;
  [[nodiscard]] std::size_t parked_count() const { return orders_->parked_count(); }
  [[nodiscard]] std::optional<OrderBrief> brief(OrderId id) const;
  /// By acceptance.
  void for_each_order(const std::function<void(const OrderBrief&)>& visit) const;
  /// Open orders and confirmed ones with steps left, by acceptance. Reads every order.
  void for_each_unfinished(const std::function<void(const UnfinishedOrder&)>& visit) const;
  /// When the next hold ends; ExpireDue before that does nothing.
  [[nodiscard]] std::optional<WallTime> next_expiry();

  // --- proving ----------------------------------------------------------------------------------------
  /// SHA-256 over a canonical form of the state: equal states, equal hashes.
  [[nodiscard]] std::array<std::byte, 32> state_hash() const;
  /// Counts everything again from the orders. Empty: no drift.
  [[nodiscard]] std::vector<Drift> recount() const;

  // --- snapshots --------------------------------------------------------------------------------------
  /// In O(chunks); afterwards a chunk is copied (86 kB) before its first change.
  [[nodiscard]] Snapshot snapshot();
  /// Rebuilds the indexes and checks everything the snapshot says against itself.
  [[nodiscard]] static Result<Ledger> from_snapshot(const Snapshot& snapshot);

 private:
  /// Where a record's order and buyer are.
  struct Place {
    Row order = kNoRow;
    Row buyer = kNoRow;
  };
  /// What has to be allocated before the point of no return and is put in place after it.
  struct Staged {
    std::unique_ptr<Product> product;
    std::map<std::string, ProductRef, std::less<>> slug;  ///< At most one node, to be moved over.
    std::string reason;
  };

  // Deciding (ledger_decide.cpp): checks, then commit() of one record.
  Answer decide(const Reserve& command, WallTime at, std::vector<Record>& records);
  Answer decide(const Cancel& command, WallTime at, std::vector<Record>& records);
  Answer decide(const Begin& command, WallTime at, std::vector<Record>& records);
  Answer decide(const Confirm& command, WallTime at, std::vector<Record>& records);
  Answer decide(const Decline& command, WallTime at, std::vector<Record>& records);
  Answer decide(const FinishStep& command, WallTime at, std::vector<Record>& records);
  Answer decide(const Park& command, WallTime at, std::vector<Record>& records);
  Answer decide(const ExpireDue& command, WallTime at, std::vector<Record>& records);
  Answer decide(const CreateProduct& command, WallTime at, std::vector<Record>& records);
  Answer decide(const ChangeProduct& command, WallTime at, std::vector<Record>& records);
  Answer decide(const RemoveProduct& command, WallTime at, std::vector<Record>& records);
  Answer decide(const AdjustStock& command, WallTime at, std::vector<Record>& records);
  Answer decide(const SetPaused& command, WallTime at, std::vector<Record>& records);
  Answer decide(const Refund& command, WallTime at, std::vector<Record>& records);
  Answer decide(const Unpark& command, WallTime at, std::vector<Record>& records);
  Answer decide(const Discard& command, WallTime at, std::vector<Record>& records);
  [[nodiscard]] Answer answer(Outcome outcome) const;
  [[nodiscard]] Answer no_order(OrderId id) const;
  [[nodiscard]] Answer answer_about(Outcome outcome, Row order) const;
  [[nodiscard]] Answer answer_about(Outcome outcome, ProductRef product) const;
  [[nodiscard]] Outcome may_reserve(OrderId order, UserId buyer_id, Row buyer, ProductRef product,
                                    std::uint32_t quantity, WallTime at) const;
  [[nodiscard]] bool exists(ProductRef ref) const;
  /// Applies one decided record and appends it.
  void commit(record::Payload payload, Place place, WallTime at, std::vector<Record>& records);

  // Applying (ledger_apply.cpp): prepare() may fail and changes nothing visible, take_effect() cannot fail.
  [[nodiscard]] Place place_of(const record::Payload& payload) const;
  /// Why the record cannot have been decided here; empty: it can.
  [[nodiscard]] std::string_view objection(const Record& record, Place place) const;
  [[nodiscard]] Staged prepare(const record::Payload& payload, Place place);
  void take_effect(const Record& record, Place place, Staged& staged) noexcept;
  struct Objection;
  struct Prepare;
  struct Effect;
  void check_invariants(ProductRef ref) const noexcept;

  [[nodiscard]] OrderView view(Row order) const;
  [[nodiscard]] OrderBrief brief_of(Row order) const;
  [[nodiscard]] Snapshot shared_state() const;
  [[nodiscard]] Result<void> restore(const Snapshot& snapshot);

  Sequence sequence_ = 0;
  WallTime last_time_;
  std::vector<std::unique_ptr<Product>> products_;
  std::map<std::string, ProductRef, std::less<>> slugs_;
  std::array<std::uint64_t, kOrderStatusCount> by_status_{};
  std::unique_ptr<OrderTable> orders_;
  std::unique_ptr<BuyerBook> buyers_;
  std::unique_ptr<HoldQueue> holds_;
  std::vector<Row> due_;  ///< Scratch of ExpireDue.
};

}  // namespace scalemart
