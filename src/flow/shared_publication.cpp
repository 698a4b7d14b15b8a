#include "flow/shared_publication.hpp"

namespace scalemart {

void SharedPublication::take_products(std::span<const ProductRecord> products) {
  const std::lock_guard lock(mutex_);
  const std::size_t known = catalogue_.current()->all().size();
  if (known == 0) {
    std::vector<Offer> offers;
    for (const ProductRecord& product : products) {
      offers.push_back(
          {product.product, product.spec, product.paused, product.removed, std::make_shared<LiveStock>()});
      offers.back().live->publish(product.stock, product.sequence);
    }
    catalogue_.load(std::move(offers));
    return;
  }
  for (const ProductRecord& product : products) {
    const auto offers = catalogue_.current();
    const Offer* offer = offers->look(product.product);
    const bool changed = offer == nullptr || offer->paused != product.paused || offer->removed != product.removed ||
                         !(*offer->spec == *product.spec);
    if (offer != nullptr && offer->live->read().sequence > product.sequence) {
      // A batch was quicker than this read. What it changed of the terms is told, and read again.
      continue;
    }
    if (changed) catalogue_.set(product.product, product.spec, product.paused, product.removed);
    const auto now = catalogue_.current();
    if (changed || now->at(product.product).live->read().sequence < product.sequence) {
      now->at(product.product).live->publish(product.stock, product.sequence);
      if (listener_.product_changed) listener_.product_changed(product.product);
    }
  }
}

void SharedPublication::publish(ProductRef product, const Stock& stock, Sequence sequence) {
  const auto offers = catalogue_.current();
  const Offer* offer = offers->look(product);
  if (offer == nullptr) return;  // the next reading brings it
  LiveStock& live = *offer->live;
  if (live.read().sequence >= sequence) return;
  live.publish(stock, sequence);
  if (listener_.product_changed) listener_.product_changed(product);
}

void SharedPublication::order_changed(const OrderNotice& notice) const {
  if (listener_.order_changed) listener_.order_changed(notice);
}

void SharedPublication::committed(const RecordedBatch& batch) {
  const std::lock_guard lock(mutex_);
  for (const StockRecord& stock : batch.stocks) {
    publish(stock.product, stock.stock, stock.sequence);
    if (publisher_ != nullptr) publisher_->stock_changed({stock.product, stock.stock, stock.sequence});
  }
  for (const ProductRef product : batch.terms) {
    if (publisher_ != nullptr) publisher_->terms_changed(product);
  }
  for (const OrderChange& change : batch.changes) {
    if (change.status == OrderStatus::pending) {
      const auto offers = catalogue_.current();
      if (index_of(change.product) < offers->all().size()) offers->at(change.product).live->count_accepted(1);
    }
    order_changed({change.order, change.status, change.reason, change.at});
    if (publisher_ != nullptr) publisher_->order_changed({change.order, change.status, change.reason, change.at});
  }
}

void SharedPublication::heard_stocks(std::span<const StockNews> news) {
  const std::lock_guard lock(mutex_);
  for (const StockNews& one : news) publish(one.product, one.stock, one.sequence);
}

void SharedPublication::heard_orders(std::span<const OrderNews> news) {
  const std::lock_guard lock(mutex_);
  for (const OrderNews& one : news) order_changed({one.order, one.status, one.reason, one.at});
}

void SharedPublication::tell(std::span<const ProductRef> products) {
  const std::lock_guard lock(mutex_);
  if (!listener_.product_changed) return;
  for (const ProductRef product : products) listener_.product_changed(product);
}

}  // namespace scalemart
