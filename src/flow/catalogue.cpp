#include "flow/catalogue.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace scalemart {

void LiveStock::publish(const Stock& stock, Sequence sequence) noexcept {
  const auto version = version_.load(std::memory_order_relaxed);
  version_.store(version + 1, std::memory_order_relaxed);
  // Release stores keep the odd version visible before any new value; free on x86.
  total_.store(stock.total, std::memory_order_release);
  available_.store(stock.available, std::memory_order_release);
  held_.store(stock.held, std::memory_order_release);
  sold_.store(stock.sold, std::memory_order_release);
  sequence_.store(sequence, std::memory_order_release);
  version_.store(version + 2, std::memory_order_release);
}

LiveStock::State LiveStock::read() const noexcept {
  for (;;) {
    const auto before = version_.load(std::memory_order_acquire);
    State state;
    state.stock.total = total_.load(std::memory_order_acquire);
    state.stock.available = available_.load(std::memory_order_acquire);
    state.stock.held = held_.load(std::memory_order_acquire);
    state.stock.sold = sold_.load(std::memory_order_acquire);
    state.sequence = sequence_.load(std::memory_order_acquire);
    if (version_.load(std::memory_order_relaxed) == before && before % 2 == 0) return state;
  }
}

Offers::Offers(std::vector<Offer> all) : all_(std::move(all)) {
  for (std::uint32_t i = 0; i < all_.size(); ++i) by_slug_.push_back(i);
  std::sort(by_slug_.begin(), by_slug_.end(), [this](auto a, auto b) { return all_[a].spec->id < all_[b].spec->id; });
}

const Offer* Offers::find(std::string_view slug) const noexcept {
  const auto found = std::lower_bound(by_slug_.begin(), by_slug_.end(), slug,
                                      [this](auto i, std::string_view s) { return all_[i].spec->id < s; });
  if (found == by_slug_.end() || all_[*found].spec->id != slug) return nullptr;
  return &all_[*found];
}

Catalogue::Catalogue() : offers_(std::make_shared<const Offers>(std::vector<Offer>{})) {}

std::shared_ptr<const Offers> Catalogue::current() const {
  const std::lock_guard lock(mutex_);
  return offers_;
}

void Catalogue::set(ProductRef ref, std::shared_ptr<const ProductSpec> spec, bool paused, bool removed) {
  auto all = current()->all();
  const auto index = index_of(ref);
  SCALEMART_CHECK(index <= all.size());
  if (index == all.size()) all.push_back(Offer{ref, nullptr, false, false, std::make_shared<LiveStock>()});
  all[index].spec = std::move(spec);
  all[index].paused = paused;
  all[index].removed = removed;
  replace(std::move(all));
}

void Catalogue::load(std::vector<Offer> all) {
  replace(std::move(all));
}

void Catalogue::replace(std::vector<Offer> all) {
  auto next = std::make_shared<const Offers>(std::move(all));
  {
    const std::lock_guard lock(mutex_);
    offers_ = std::move(next);
  }
  version_.fetch_add(1, std::memory_order_release);
}

LiveStock::State Catalogue::read(const Offer& offer) const noexcept {
  // The writer publishes a batch's products first and then advances. A state that is the same before and
  // after reading the position therefore held at that position.
  for (;;) {
    LiveStock::State state = offer.live->read();
    const Sequence published = sequence_.load(std::memory_order_acquire);
    if (offer.live->read().sequence != state.sequence) continue;
    state.sequence = std::max(state.sequence, published);
    return state;
  }
}

void Catalogue::publish(ProductRef ref, const Stock& stock, Sequence sequence) {
  current()->at(ref).live->publish(stock, sequence);
}

Outcome refusal_of(const Offer& offer, const Stock& stock, std::uint32_t quantity, WallTime now) {
  const SaleTerms& terms = offer.spec->terms;
  if (offer.removed) return Outcome::product_not_found;
  if (offer.paused) return Outcome::sale_paused;
  if (terms.starts_at && now < *terms.starts_at) return Outcome::sale_not_started;
  if (terms.ends_at && now >= *terms.ends_at) return Outcome::sale_ended;
  if (stock.available < static_cast<std::int64_t>(quantity)) return Outcome::out_of_stock;
  return Outcome::done;
}

}  // namespace scalemart
