#pragma once
// What this process publishes of a sale that it shares with others.

#include <mutex>
#include <set>
#include <span>
#include <vector>

#include "flow/catalogue.hpp"
#include "flow/publication.hpp"
#include "port/live_updates.hpp"
#include "port/system_of_record.hpp"

namespace scalemart {

/// Purpose: keeps the catalogue at the newest state that this process heard of, from its own batches, from what other
/// processes publish, and from the record itself, and says which products and orders changed. By a product's sequence
/// the newest counts, whatever comes in which order.
/// Concurrency: any thread; the listener is called under a lock, one call at a time.
class SharedPublication {
 public:
  /// `publisher` tells the other processes; nullptr: nobody does.
  SharedPublication(Catalogue& catalogue, Publication::Listener listener, LivePublisher* publisher)
      : catalogue_(catalogue), listener_(std::move(listener)), publisher_(publisher) {}

  /// Everything that the record knows, at the start and from time to time.
  void take_products(std::span<const ProductRecord> products);
  /// A batch of this process.
  void committed(const RecordedBatch& batch);
  // Of other processes.
  void heard_stocks(std::span<const StockNews> news);
  void heard_orders(std::span<const OrderNews> news);
  void tell(std::span<const ProductRef> products);

 private:
  void publish(ProductRef product, const Stock& stock, Sequence sequence);
  void order_changed(const OrderNotice& notice) const;

  Catalogue& catalogue_;
  const Publication::Listener listener_;
  LivePublisher* const publisher_;
  std::mutex mutex_;  ///< Orders writes to the catalogue.
};

}  // namespace scalemart
