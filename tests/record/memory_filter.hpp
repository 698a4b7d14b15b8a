#pragma once
// A stock filter in memory: what every filter does, as plainly as it can be said. For tests.

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>

#include "port/stock_filter.hpp"

namespace scalemart::test {

class MemoryFilter final : public StockFilter {
 public:
  Screening screen(std::uint32_t partition, std::span<const Reserve> buys, WallTime now,
                   std::chrono::milliseconds) override {
    const std::lock_guard guard(mutex_);
    ++screens;
    Screening screening;
    if (away) return screening;
    Partition& p = partitions_[partition];
    screening.epoch = p.epoch;
    screening.keys_known = p.all_keys;
    screening.state = p.epoch == 0 ? Screening::State::closed : Screening::State::open;
    if (p.epoch == 0) return screening;
    for (const Reserve& buy : buys) screening.verdicts.push_back(judge(p, buy, now));
    return screening;
  }

  void settle(std::uint32_t partition, FilterEpoch epoch, std::span<const Settlement> settlements,
              std::span<const StockRecord> stocks, std::span<const OrderChange> changes,
              std::chrono::milliseconds) override {
    const std::lock_guard guard(mutex_);
    Partition& p = partitions_[partition];
    for (const Settlement& settlement : settlements) {
      const Reserve& buy = *settlement.buy;
      if (settlement.kind != Settlement::Kind::refused && !buy.key.empty()) p.keys.insert({buy.buyer, buy.key});
      if (epoch != p.epoch || settlement.kind == Settlement::Kind::unknown) continue;
      p.products.at(buy.product).taken -= buy.quantity;
      p.taken_by[{buy.buyer, buy.product}] -= buy.quantity;
    }
    for (const StockRecord& stock : stocks) renew(p, stock);
    for (const OrderChange& change : changes) {
      if (change.status == OrderStatus::pending) p.units[{change.buyer, change.product}] += change.quantity;
      if (change.gave_back()) p.units[{change.buyer, change.product}] -= change.quantity;
    }
  }

  bool rebuild(std::uint32_t partition, std::span<const ProductRecord> products, std::chrono::milliseconds) override {
    const std::lock_guard guard(mutex_);
    if (stays_closed) return false;
    Partition fresh;
    fresh.epoch = ++last_epoch_;
    fresh.all_keys = std::all_of(products.begin(), products.end(), [](const auto& p) { return p.accepted == 0; });
    for (const ProductRecord& product : products) fresh.products[product.product] = {product, 0};
    partitions_[partition] = std::move(fresh);
    return true;
  }

  bool remember(std::uint32_t partition, FilterEpoch epoch, std::span<const BuyerKey> keys, bool last,
                std::chrono::milliseconds) override {
    const std::lock_guard guard(mutex_);
    Partition& p = partitions_[partition];
    if (epoch != p.epoch) return false;
    for (const BuyerKey& key : keys) p.keys.insert({key.buyer, key.key});
    remembered += static_cast<int>(keys.size());
    if (last) p.all_keys = true;
    return true;
  }

  void publish(std::uint32_t partition, std::span<const ProductRecord> products, std::chrono::milliseconds) override {
    const std::lock_guard guard(mutex_);
    Partition& p = partitions_[partition];
    if (p.epoch == 0) return;
    for (const ProductRecord& product : products) {
      const auto [at, is_new] = p.products.try_emplace(product.product, Known{product, 0});
      if (!is_new && product.sequence >= at->second.record.sequence) at->second.record = product;
    }
  }

  /// As a filter that lost its memory.
  void forget() {
    const std::lock_guard guard(mutex_);
    partitions_.clear();
  }
  [[nodiscard]] std::int64_t taken() const {
    const std::lock_guard guard(mutex_);
    std::int64_t sum = 0;
    for (const auto& [number, p] : partitions_)
      for (const auto& [ref, known] : p.products) sum += known.taken;
    return sum;
  }

  std::atomic<bool> away{false};
  std::atomic<bool> stays_closed{false};
  std::atomic<int> screens{0};
  std::atomic<int> refused{0};
  std::atomic<int> remembered{0};

 private:
  struct Known {
    ProductRecord record;
    std::int64_t taken = 0;  ///< And not settled.
  };
  using BuyerAndProduct = std::pair<UserId, ProductRef>;
  struct Partition {
    FilterEpoch epoch = 0;  ///< 0: closed.
    bool all_keys = false;  ///< Every key that was used is known.
    std::map<ProductRef, Known> products;
    std::map<BuyerAndProduct, std::int64_t> units, taken_by;
    std::set<std::pair<UserId, KeyDigest>> keys;
  };

  Verdict judge(Partition& p, const Reserve& buy, WallTime now) {
    Verdict verdict;
    const auto found = p.products.find(buy.product);
    if (found == p.products.end() || p.keys.contains({buy.buyer, buy.key})) return verdict;  // the record knows
    Known& known = found->second;
    const SaleTerms& terms = known.record.spec->terms;
    const auto refuse = [&](Outcome outcome) {
      if (!buy.key.empty() && !p.all_keys) return verdict;
      ++refused;
      verdict = {Verdict::Kind::refuse, outcome, false, known.record.sequence};
      return verdict;
    };
    if (buy.quantity < 1 || buy.quantity > kQuantityMax) return verdict;
    if (known.record.removed) return refuse(Outcome::product_not_found);
    if (known.record.paused) return refuse(Outcome::sale_paused);
    if (terms.starts_at && now < *terms.starts_at) return refuse(Outcome::sale_not_started);
    if (terms.ends_at && now >= *terms.ends_at) return refuse(Outcome::sale_ended);
    if (known.record.stock.available - known.taken < buy.quantity) {
      if (refuse(Outcome::out_of_stock).kind == Verdict::Kind::refuse)
        verdict.final = known.record.stock.held == 0 && known.taken == 0;
      return verdict;
    }
    const BuyerAndProduct pair{buy.buyer, buy.product};
    if (terms.per_user_limit > 0 && p.units[pair] + p.taken_by[pair] + buy.quantity > terms.per_user_limit)
      return refuse(Outcome::purchase_limit);
    known.taken += buy.quantity;
    p.taken_by[pair] += buy.quantity;
    verdict.kind = Verdict::Kind::taken;
    return verdict;
  }

  static void renew(Partition& p, const StockRecord& stock) {
    const auto found = p.products.find(stock.product);
    if (found == p.products.end() || stock.sequence < found->second.record.sequence) return;
    found->second.record.stock = stock.stock;
    found->second.record.sequence = stock.sequence;
  }

  mutable std::mutex mutex_;
  std::map<std::uint32_t, Partition> partitions_;
  FilterEpoch last_epoch_ = 0;
};

}  // namespace scalemart::test
