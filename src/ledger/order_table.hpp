#pragma once
// All orders, found by place or by id, copied on write while a snapshot shares them.

#include <boost/unordered/unordered_flat_set.hpp>
#include <memory>
#include <vector>

#include "ledger/order_row.hpp"
#include "ledger/sharded.hpp"

namespace scalemart {

/// Purpose: the ledger's orders in chunks of 1024 rows.
/// Snapshots: freeze() marks every chunk; a marked chunk is cloned before its next change, so whoever holds
/// its pointer sees it unchanged for ever. Rows past the count at the time of the snapshot may still be
/// filled in. Errors: make_room(), thaw() and make_parking_room() may throw std::bad_alloc and then changed
/// nothing that can be seen; what needs them first (append, edit, park) cannot fail. Concurrency: one owner;
/// the chunks handed out by share() may be read by any thread.
class OrderTable {
 public:
  OrderTable();
  OrderTable(const OrderTable&) = delete;
  OrderTable& operator=(const OrderTable&) = delete;

  [[nodiscard]] Row size() const { return size_; }
  [[nodiscard]] const OrderRow& at(Row row) const {
    return chunks_[row / OrderChunk::kRows].chunk->rows[row % OrderChunk::kRows];
  }
  void prefetch(Row row) const { __builtin_prefetch(&at(row)); }
  /// kNoRow: there is none.
  [[nodiscard]] Row find(OrderId id) const;

  void make_room(OrderId id);
  void append(const OrderRow& row) noexcept;

  void thaw(Row row);
  [[nodiscard]] OrderRow& edit(Row row) noexcept;

  void make_parking_room(Row row);  ///< After thaw(row).
  void park(Row row, ParkedNote note) noexcept;
  void unpark(Row row) noexcept;
  /// The order is parked.
  [[nodiscard]] const ParkedNote& note_of(Row row) const;
  [[nodiscard]] std::size_t parked_count() const { return parked_count_; }
  /// visit(Row, const ParkedNote&), in order of acceptance.
  template <class Visitor>
  void for_each_parked(const Visitor& visit) const {
    for (std::size_t c = 0; c < chunks_.size(); ++c)
      for (const ParkedNote& note : chunks_[c].chunk->parked)
        visit(static_cast<Row>(c * OrderChunk::kRows + note.offset), note);
  }

  [[nodiscard]] std::vector<std::shared_ptr<const OrderChunk>> share() const;
  void freeze() noexcept;
  /// Into an empty table: chunks that others may be reading. False: an order id is there twice.
  [[nodiscard]] bool restore(const std::vector<std::shared_ptr<const OrderChunk>>& chunks, Row size);

 private:
  struct Slot {
    std::shared_ptr<OrderChunk> chunk;
    bool frozen = false;
  };
  struct IdHash {
    using is_transparent = void;
    const OrderTable* table;
    std::size_t operator()(OrderId id) const { return std::hash<OrderId>()(id); }
    std::size_t operator()(Row row) const { return std::hash<OrderId>()(table->at(row).id.get()); }
  };
  struct IdEqual {
    using is_transparent = void;
    const OrderTable* table;
    bool operator()(Row a, Row b) const { return a == b || table->at(a).id.get() == table->at(b).id.get(); }
    bool operator()(OrderId id, Row row) const { return id == table->at(row).id.get(); }
    bool operator()(Row row, OrderId id) const { return id == table->at(row).id.get(); }
  };
  /// The position in `parked` of the row's chunk where its note is, or would be.
  [[nodiscard]] static std::size_t note_place(const OrderChunk& chunk, Row row);

  std::vector<Slot> chunks_;
  Row size_ = 0;
  std::size_t parked_count_ = 0;
  Sharded<boost::unordered_flat_set<Row, IdHash, IdEqual>> by_id_;  ///< Keeps places only: the ids are in the rows.
};

}  // namespace scalemart
