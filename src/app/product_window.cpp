#include "app/product_window.hpp"

#include <algorithm>

namespace scalemart {

void ProductWindow::tick(const Offers& offers, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  Sample& sample = ring_[next_];
  sample.at = now;
  sample.products.clear();
  for (const Offer& offer : offers.all()) {
    const Stock stock = offer.live->read().stock;
    sample.products.push_back({offer.live->accepted(), stock.held + stock.sold});
  }
  next_ = (next_ + 1) % ring_.size();
  filled_ = std::min(filled_ + 1, ring_.size());
}

std::vector<ProductRate> ProductWindow::rates() const {
  const std::lock_guard lock(mutex_);
  std::vector<ProductRate> rates;
  if (filled_ < 2) return rates;
  const Sample& last = ring_[(next_ + ring_.size() - 1) % ring_.size()];
  const Sample& first = ring_[(next_ + ring_.size() - filled_) % ring_.size()];
  const double seconds = std::chrono::duration<double>(last.at - first.at).count();
  if (seconds <= 0) return rates;
  for (std::size_t i = 0; i < last.products.size(); ++i) {
    // Made meanwhile: it began at nothing.
    const Count before = i < first.products.size() ? first.products[i] : Count{};
    const Count& now = last.products[i];
    rates.push_back({static_cast<double>(now.accepted - before.accepted) / seconds,
                     static_cast<double>(now.taken - before.taken) / seconds});
  }
  return rates;
}

}  // namespace scalemart
