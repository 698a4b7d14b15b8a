// Buys: one call of reserve_v1 (sale.sql) for as many as there are.
#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>

#include "backend/postgresql/sale_run.hpp"

namespace scalemart::pg {
namespace {

constexpr Statement kReserve{
    "reserve",
    "SELECT place, outcome, ref, id, amount, price, sequence, final, last_at, total, available, held, sold"
    " FROM reserve_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"};
enum Column {
  kPlace,
  kOutcome,
  kRef,
  kId,
  kAmount,
  kPrice,
  kSequence,
  kFinal,
  kLastAt,
  kTotal,
  kAvailable,
  kHeld,
  kSold
};

constexpr std::size_t kRowsMax = 16'384;  // places fit the 16 bits below an acceptance number

// reserve_v1 says them as numbers.
static_assert(static_cast<int>(Outcome::replayed) == 1 && static_cast<int>(Outcome::idempotency_conflict) == 2 &&
              static_cast<int>(Outcome::product_not_found) == 3 && static_cast<int>(Outcome::sale_paused) == 4 &&
              static_cast<int>(Outcome::sale_not_started) == 5 && static_cast<int>(Outcome::sale_ended) == 6 &&
              static_cast<int>(Outcome::out_of_stock) == 7 && static_cast<int>(Outcome::purchase_limit) == 8 &&
              static_cast<int>(Outcome::invalid_state) == 10 && static_cast<int>(Outcome::invalid_value) == 13);

struct BuyerAndKey {
  UserId buyer;
  KeyDigest key;
  bool operator==(const BuyerAndKey&) const = default;
};
struct BuyerAndProduct {
  UserId buyer;
  std::int32_t product;
  bool operator==(const BuyerAndProduct&) const = default;
};
std::size_t hash_value(const BuyerAndKey& v) {
  return std::hash<UserId>()(v.buyer) ^ (v.key.lo * 0x9e3779b97f4a7c15ULL);
}
std::size_t hash_value(const BuyerAndProduct& v) {
  return std::hash<UserId>()(v.buyer) ^ (std::uint64_t{static_cast<std::uint32_t>(v.product)} * 0x9e3779b97f4a7c15ULL);
}

class ReserveRun final : public SaleRun {
 public:
  bool add(const Command& command, std::size_t place) override;
  Call call(WallTime now, bool check_ids) override;
  void read(const Rows& rows, BatchAnswers& answers) const override;
  void name_locks(std::vector<std::int32_t>& products, std::vector<OrderId>&) const override {
    products.insert(products.end(), refs_.begin(), refs_.end());
  }
  bool locks_alone() const override { return true; }

 private:
  struct Item {
    Reserve buy;
    std::size_t place;
  };
  /// What a row about a product says, and how far its sequence has been counted.
  struct Product {
    StockRecord stock;
    MinorUnits price = 0;
    WallTime at;
    Sequence counted = 0;
    bool exists = false;
  };
  [[nodiscard]] std::size_t slot_of(std::int32_t ref) const {
    return static_cast<std::size_t>(std::lower_bound(refs_.begin(), refs_.end(), ref) - refs_.begin());
  }
  [[nodiscard]] std::vector<Product> read_products(const Rows& rows, std::vector<int>& special) const;

  std::vector<Item> items_;
  std::vector<std::int32_t> refs_;  ///< Ascending, each once.
  boost::unordered_flat_set<OrderId, std::hash<OrderId>> ids_;
  boost::unordered_flat_set<BuyerAndKey> keys_;
  Parameters parameters_;
};

bool ReserveRun::add(const Command& command, std::size_t place) {
  const auto* buy = std::get_if<Reserve>(&command);
  if (buy == nullptr || items_.size() == kRowsMax) return false;
  // Two that have an id or a key in common are decided one after the other.
  const BuyerAndKey key{buy->buyer, buy->key};
  if (ids_.contains(buy->order) || (!buy->key.empty() && keys_.contains(key))) return false;
  if (!buy->order.empty()) ids_.insert(buy->order);
  if (!buy->key.empty()) keys_.insert(key);
  items_.push_back({*buy, place});
  const std::int32_t ref = column_of(buy->product);
  if (const auto at = std::lower_bound(refs_.begin(), refs_.end(), ref); at == refs_.end() || *at != ref)
    refs_.insert(at, ref);
  return true;
}

Call ReserveRun::call(WallTime now, bool check_ids) {
  const std::size_t n = items_.size();
  std::vector<OrderId> ids;
  std::vector<UserId> buyers, pair_buyers;
  std::vector<KeyDigest> keys;
  std::vector<std::int32_t> slots, pairs, pair_slots;
  std::vector<std::int64_t> quantities, holds;
  for (auto* list : {&slots, &pairs, &pair_slots}) list->reserve(n);
  for (auto* list : {&buyers, &pair_buyers}) list->reserve(n);
  for (auto* list : {&quantities, &holds}) list->reserve(n);
  ids.reserve(n);
  keys.reserve(n);

  boost::unordered_flat_map<BuyerAndProduct, std::int32_t> numbers;
  numbers.reserve(n);
  for (const auto& [buy, place] : items_) {
    const std::int32_t ref = column_of(buy.product);
    const auto slot = static_cast<std::int32_t>(slot_of(ref)) + 1;
    const auto [pair, is_new] =
        numbers.try_emplace({buy.buyer, ref}, static_cast<std::int32_t>(pair_buyers.size()) + 1);
    if (is_new) {
      pair_buyers.push_back(buy.buyer);
      pair_slots.push_back(slot);
    }
    ids.push_back(buy.order);
    buyers.push_back(buy.buyer);
    keys.push_back(buy.key);
    slots.push_back(slot);
    quantities.push_back(buy.quantity);
    holds.push_back(buy.hold_ms);
    pairs.push_back(pair->second);
  }
  parameters_ = {};
  parameters_.add(now.ms).add(check_ids).add(refs_).add(ids).add(buyers).add(keys).add(slots).add(quantities);
  parameters_.add(holds).add(pairs).add(pair_buyers).add(pair_slots);
  return {&kReserve, &parameters_};
}

std::vector<ReserveRun::Product> ReserveRun::read_products(const Rows& rows, std::vector<int>& special) const {
  std::vector<Product> products(refs_.size());
  for (int row = 0; row < rows.count(); ++row) {
    const auto place = static_cast<std::size_t>(rows.integer(row, kPlace));
    if (place > 0) {
      special[place - 1] = row;
      continue;
    }
    const auto ref = static_cast<std::int32_t>(rows.integer(row, kRef));
    Product& product = products[slot_of(ref)];
    product.exists = true;
    product.stock = {
        ProductRef{static_cast<std::uint32_t>(ref)},
        {rows.integer(row, kTotal), rows.integer(row, kAvailable), rows.integer(row, kHeld), rows.integer(row, kSold)},
        static_cast<Sequence>(rows.integer(row, kSequence))};
    product.price = rows.integer(row, kPrice);
    product.at = WallTime{rows.integer(row, kLastAt)};
    product.counted = product.stock.sequence;
  }
  // Where the product's sequence stood before.
  for (std::size_t i = 0; i < items_.size(); ++i)
    if (special[i] < 0) --products[slot_of(column_of(items_[i].buy.product))].counted;
  return products;
}

void ReserveRun::read(const Rows& rows, BatchAnswers& answers) const {
  std::vector<int> special(items_.size(), -1);
  std::vector<Product> products = read_products(rows, special);
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const auto& [buy, place] = items_[i];
    Product& product = products[slot_of(column_of(buy.product))];
    Answer answer;
    answer.order = buy.order;
    answer.product = buy.product;
    answer.quantity = buy.quantity;
    if (const int row = special[i]; row < 0) {
      answer.outcome = Outcome::done;
      answer.unit_price = product.price;
      ++product.counted;
      answers.change({buy.order, buy.buyer, buy.product, buy.quantity, OrderStatus::pending, StatusReason::none,
                      product.at, product.counted});
    } else {
      answer.outcome = static_cast<Outcome>(rows.integer(row, kOutcome));
      answer.final = !rows.is_null(row, kFinal) && rows.flag(row, kFinal);
      if (answer.outcome == Outcome::replayed) {
        answer.order = rows.id<OrderId>(row, kId);
        answer.unit_price = rows.integer(row, kPrice);
      }
    }
    answer.sequence = answer.outcome == Outcome::replayed ? static_cast<Sequence>(rows.integer(special[i], kSequence))
                                                          : product.counted;
    answers.answer(place, answer);
  }
  for (const Product& product : products)
    if (product.exists) answers.stock(product.stock);
}

}  // namespace

std::unique_ptr<SaleRun> make_reserve_run() {
  return std::make_unique<ReserveRun>();
}

}  // namespace scalemart::pg
