#pragma once
// What may happen: commands about products and orders that were read, decided in memory in the order and with the
// precedence of src/ledger/ledger_decide.cpp. Nothing here asks the database.

#include <boost/unordered/unordered_flat_map.hpp>
#include <map>
#include <mutex>
#include <vector>

#include "backend/mongodb/record_order.hpp"
#include "backend/mongodb/record_product.hpp"

namespace scalemart::mongo {

/// Numbers of orders: increasing within a product, increasing within a process, different for different products;
/// between processes they follow their clocks. Tenths of milliseconds since 1970, or what comes next, and the
/// product's ref in the last 16 bits. Concurrency: any thread.
class Numbers {
 public:
  explicit Numbers(const Clock& clock) : clock_(clock) {}
  [[nodiscard]] std::int64_t next(const RecordedProduct& product);

 private:
  const Clock& clock_;
  std::mutex mutex_;
  std::int64_t last_ = 0;
};

/// What is decided about one product.
struct Sale {
  struct Moved {
    std::size_t place;  ///< Of the command in its batch.
    OrderChange change;
  };
  RecordedProduct product;  ///< As it will be.
  std::vector<OrderId> accepted;
  std::vector<OrderId> changed;  ///< Each once, none of `accepted`.
  std::vector<Document> records;
  std::vector<Moved> moved;
  std::optional<std::size_t> terms{};  ///< The first command that changed its spec, pause or removal.
  bool named = false;                  ///< An answer is about it.
  [[nodiscard]] bool is_changed() const { return !accepted.empty() || !changed.empty() || !records.empty(); }
  [[nodiscard]] StockRecord stock() const { return {product.ref, product.stock, product.sequence}; }
};

/// What an administrator changed, as it is recorded; counts a record of the product.
[[nodiscard]] Document product_record(RecordedProduct& product, const char* kind, std::int64_t delta = 0,
                                      const std::string& reason = {});
/// All texts can be stored.
[[nodiscard]] bool is_storable(const ProductSpec& spec);

/// Everything but CreateProduct and ExpireDue. Given are the products and orders that commands name, the orders under
/// the keys of buys, and, where a product has a cap, every order of its buyers that counts against it.
class Decider {
 public:
  Decider(WallTime now, Numbers& numbers) : now_(now), numbers_(numbers) {}
  void add(RecordedProduct product);
  void add(RecordedOrder order);

  [[nodiscard]] Answer decide(const Command& command, std::size_t place);
  /// True: the order's hold is over, and it is expired now.
  [[nodiscard]] bool expire(OrderId order, std::size_t place);

  [[nodiscard]] std::map<ProductRef, Sale>& sales() { return sales_; }
  /// What has to be written for it; its product has the next version then.
  [[nodiscard]] Claim claim_of(Sale& sale) const;
  /// nullptr: it was not among the given or accepted ones.
  [[nodiscard]] const RecordedOrder* order(OrderId id) const;

 private:
  struct BuyerOf {
    UserId buyer;
    ProductRef product;
    bool operator==(const BuyerOf&) const = default;
    friend std::size_t hash_value(const BuyerOf& v) {
      return std::hash<UserId>()(v.buyer) ^ (std::uint64_t{index_of(v.product)} * 0x9e3779b97f4a7c15ULL);
    }
  };
  struct Deciding;

  [[nodiscard]] Sale* sale_of(ProductRef product);
  [[nodiscard]] Outcome may_reserve(const Reserve& buy, const Sale* sale) const;
  void accept(const Reserve& buy, Sale& sale, std::size_t place);
  /// Counts a record about the order and marks it as changed.
  Sale& record(RecordedOrder& order);
  void move(RecordedOrder& order, OrderStatus to, StatusReason reason, std::size_t place);
  void note(Sale& sale, const char* kind, std::int64_t delta = 0, const std::string& reason = {});
  [[nodiscard]] WallTime time_of(const Sale& sale) const { return std::max(now_, sale.product.last_at); }

  const WallTime now_;
  Numbers& numbers_;
  std::map<ProductRef, Sale> sales_;
  boost::unordered_flat_map<OrderId, RecordedOrder, std::hash<OrderId>> orders_;
  boost::unordered_flat_map<std::string, OrderId> once_;
  boost::unordered_flat_map<BuyerOf, std::uint64_t> units_;  ///< That count against a cap.
};

}  // namespace scalemart::mongo
