#pragma once
// What everybody is told when a batch has become durable, before its answers leave.

#include <functional>
#include <span>
#include <vector>

#include "domain/record.hpp"
#include "flow/catalogue.hpp"
#include "flow/sale_counts.hpp"
#include "flow/used_keys.hpp"
#include "ledger/ledger.hpp"
#include "notify/hub.hpp"

namespace scalemart {

/// Purpose: keeps the catalogue, the used keys and the counts at the last durable state, and says which
/// products and orders changed.
/// Concurrency: the ledger's thread only.
class Publication {
 public:
  struct Listener {
    std::function<void(ProductRef)> product_changed;
    std::function<void(const OrderNotice&)> order_changed;
  };

  Publication(Catalogue& catalogue, UsedKeys& used_keys, SaleCounts& counts, Listener listener)
      : catalogue_(catalogue), used_keys_(used_keys), counts_(counts), listener_(std::move(listener)) {}

  /// Everything the ledger knows, at start.
  void load(const Ledger& ledger);
  /// The records of a durable batch, which `ledger` includes already.
  void publish(std::span<const Record> records, const Ledger& ledger);

 private:
  struct Notice;
  void touch(ProductRef product);
  void publish_counts(const Ledger& ledger);

  Catalogue& catalogue_;
  UsedKeys& used_keys_;
  SaleCounts& counts_;
  Listener listener_;
  std::vector<ProductRef> touched_;  ///< Scratch: products of this batch, each once.
  std::vector<bool> is_touched_;
  std::vector<std::uint64_t> accepted_;  ///< Scratch: orders of this batch, by product.
};

}  // namespace scalemart
