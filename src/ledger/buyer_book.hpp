#pragma once
// Who bought what: buyers by id, a buyer's orders newest first, idempotency keys, units that count against a
// cap.

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "ledger/order_table.hpp"
#include "ledger/sharded.hpp"

namespace scalemart {

/// Purpose: answers "did this buyer use this key" and "how many units has this buyer of this product".
/// Almost every buyer has a handful of orders: those are walked. Only a buyer with more than kWalk orders is
/// entered in the two indexes. That saves some 30 bytes an order and a cache miss a buy.
/// Errors: make_room() may throw std::bad_alloc and then changed nothing that can be seen; the rest cannot
/// fail. Concurrency: one owner; the chunks handed out by share() may be read by any thread (buyers are only
/// added).
class BuyerBook {
 public:
  explicit BuyerBook(const OrderTable& orders);
  BuyerBook(const BuyerBook&) = delete;
  BuyerBook& operator=(const BuyerBook&) = delete;

  [[nodiscard]] Row size() const { return size_; }
  [[nodiscard]] UserId id_of(Row buyer) const {
    return ids_[buyer / BuyerChunk::kRows]->ids[buyer % BuyerChunk::kRows];
  }
  /// kNoRow: never bought anything.
  [[nodiscard]] Row find(UserId id) const;
  [[nodiscard]] Row newest_order(Row buyer) const { return last_of(buyer) & kRowMask; }
  /// The buyer's order under this key, or kNoRow.
  [[nodiscard]] Row find_order(Row buyer, KeyDigest key) const;
  /// Units in the buyer's pending, processing and confirmed orders of the product.
  [[nodiscard]] std::uint64_t units(Row buyer, std::uint16_t product) const;

  /// Before add(): of an order of this buyer (kNoRow: a new one).
  void make_room(Row buyer, UserId id, KeyDigest key, std::uint16_t product);
  [[nodiscard]] Row add_buyer(UserId id) noexcept;
  /// The order was just appended to the table; its `previous` is the buyer's newest before.
  void add_order(Row order) noexcept;
  /// The order's units no longer count. It counted until now.
  void give_back(Row order) noexcept;

  [[nodiscard]] std::vector<std::shared_ptr<const BuyerChunk>> share() const;
  /// Into an empty book: the buyers of a snapshot, without their orders. False: an id is there twice.
  [[nodiscard]] bool restore(const std::vector<std::shared_ptr<const BuyerChunk>>& chunks, Row size);
  /// While restoring: enters the order as add_order() would, growing what has to grow.
  void restore_order(Row order);
  /// Checks what is indexed against the orders; for Ledger::recount(). The first buyer that differs.
  struct Difference {
    Row buyer;
    std::uint16_t product;
    std::uint64_t expected;
    std::uint64_t found;
  };
  [[nodiscard]] std::optional<Difference> first_difference() const;

 private:
  static constexpr int kWalk = 4;
  static constexpr Row kRowMask = kNoRow;
  static constexpr Row kIndexed = 0x8000'0000;  ///< Mark in last_: this buyer has more than kWalk orders.

  struct BuyerHash {
    using is_transparent = void;
    const BuyerBook* book;
    std::size_t operator()(UserId id) const { return std::hash<UserId>()(id); }
    std::size_t operator()(Row row) const { return std::hash<UserId>()(book->id_of(row)); }
  };
  struct BuyerEqual {
    using is_transparent = void;
    const BuyerBook* book;
    bool operator()(Row a, Row b) const { return a == b || book->id_of(a) == book->id_of(b); }
    bool operator()(UserId id, Row row) const { return id == book->id_of(row); }
    bool operator()(Row row, UserId id) const { return id == book->id_of(row); }
  };
  struct BuyerKey {
    Row buyer;
    KeyDigest key;
    bool operator==(const BuyerKey&) const = default;
  };
  struct KeyHash {
    using is_transparent = void;
    const OrderTable* orders;
    std::size_t operator()(const BuyerKey& k) const {
      return (k.key.lo ^ (k.key.hi + k.buyer) * 0x9e3779b97f4a7c15ULL) * 0xbf58476d1ce4e5b9ULL;
    }
    std::size_t operator()(Row order) const {
      return (*this)(BuyerKey{orders->at(order).buyer, orders->at(order).key.get()});
    }
  };
  struct KeyEqual {
    using is_transparent = void;
    const OrderTable* orders;
    [[nodiscard]] BuyerKey of(Row order) const { return {orders->at(order).buyer, orders->at(order).key.get()}; }
    bool operator()(Row a, Row b) const { return a == b || of(a) == of(b); }
    bool operator()(const BuyerKey& k, Row order) const { return k == of(order); }
    bool operator()(Row order, const BuyerKey& k) const { return k == of(order); }
  };
  struct PairHash {
    using is_avalanching = void;
    std::size_t operator()(std::uint64_t pair) const {
      pair = (pair ^ (pair >> 32)) * 0x9e3779b97f4a7c15ULL;
      return (pair ^ (pair >> 29)) * 0xbf58476d1ce4e5b9ULL;
    }
  };
  [[nodiscard]] static std::uint64_t pair_of(Row buyer, std::uint16_t product) {
    return (std::uint64_t{buyer} << 16) | product;
  }

  [[nodiscard]] Row last_of(Row buyer) const { return (*last_[buyer / BuyerChunk::kRows])[buyer % BuyerChunk::kRows]; }
  void set_last(Row buyer, Row value) noexcept {
    (*last_[buyer / BuyerChunk::kRows])[buyer % BuyerChunk::kRows] = value;
  }
  [[nodiscard]] bool indexed(Row buyer) const { return (last_of(buyer) & kIndexed) != 0; }
  void prefetch(Row buyer) const {
    __builtin_prefetch(&ids_[buyer / BuyerChunk::kRows]->ids[buyer % BuyerChunk::kRows]);
  }
  void make_key_room(std::size_t hash, std::size_t more);
  [[nodiscard]] int walk_length(Row buyer) const;
  void index_order(Row order) noexcept;

  using Lasts = std::array<Row, BuyerChunk::kRows>;

  const OrderTable& orders_;
  Row size_ = 0;
  std::vector<std::shared_ptr<BuyerChunk>> ids_;
  std::vector<std::unique_ptr<Lasts>> last_;  ///< Newest order of each buyer, with the mark.
  Sharded<boost::unordered_flat_set<Row, BuyerHash, BuyerEqual>> by_id_;
  Sharded<boost::unordered_flat_set<Row, KeyHash, KeyEqual>> by_key_;
  Sharded<boost::unordered_flat_map<std::uint64_t, std::uint64_t, PairHash>> units_;
};

}  // namespace scalemart
