#include "notify/hub.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace scalemart {

Hub::Hub(const Clock& clock, Formatters formatters, HubSettings settings)
    : clock_(clock),
      formatters_(std::move(formatters)),
      settings_(settings),
      allowance_(settings.burst),
      refilled_at_(clock.steady()) {
  SCALEMART_CHECK(settings_.writes_per_s > 0 && settings_.burst > 0);
}

Hub::~Hub() {
  SCALEMART_CHECK(places_.empty());  // every subscription ended before
  for (auto& chunk : versions_) delete chunk.load();
}

// --- subscriptions

Hub::Subscription& Hub::Subscription::operator=(Subscription&& other) noexcept {
  if (this != &other) {
    end();
    hub_ = std::exchange(other.hub_, nullptr);
    id_ = other.id_;
  }
  return *this;
}

void Hub::Subscription::end() noexcept {
  if (Hub* hub = std::exchange(hub_, nullptr)) hub->unsubscribe(id_);
}

Hub::Subscription Hub::subscribe(ProductRef product, Reader reader) {
  bool first = false;
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    if (places_.size() >= settings_.readers_max || index_of(product) >= kChunk * kChunks) return {};
    std::atomic<Versions*>& chunk = versions_[index_of(product) / kChunk];
    if (!chunk.load()) chunk.store(new Versions());
    first = places_.empty();
    id = next_id_++;
    const auto [at, is_new] = products_.try_emplace(product);
    ProductTopic& topic = at->second;
    if (is_new) topic.version = version_of(product)->load(std::memory_order_acquire);
    places_[id] = {false, product, {}, topic.seats.size()};
    topic.seats.push_back({id, std::move(reader), topic.number});
  }
  if (first && wake_) wake_();
  return {this, id};
}

Hub::Subscription Hub::subscribe(OrderId order, Reader reader) {
  bool first = false;
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t bucket = bucket_of(order);
    if (places_.size() >= settings_.readers_max || order_filter_[bucket].load() == UINT16_MAX) return {};
    first = places_.empty();
    id = next_id_++;
    places_[id] = {true, {}, order, 0};
    {
      const std::lock_guard orders_lock(orders_mutex_);
      orders_[order].seats.push_back({id, std::move(reader), 0});
    }
    ++order_filter_[bucket];
    ++order_readers_;
  }
  if (first && wake_) wake_();
  return {this, id};
}

void Hub::unsubscribe(std::uint64_t id) noexcept {
  const std::lock_guard lock(mutex_);
  const auto at = places_.find(id);
  if (at == places_.end()) return;  // it said itself that it was gone
  const Place place = at->second;
  places_.erase(at);
  remove_seat(id, place);
}

void Hub::remove_seat(std::uint64_t id, const Place& place) {
  if (place.is_order) {
    const std::lock_guard orders_lock(orders_mutex_);
    const auto at = orders_.find(place.order);
    std::erase_if(at->second.seats, [id](const Seat& seat) { return seat.id == id; });
    if (at->second.seats.empty()) orders_.erase(at);
    --order_filter_[bucket_of(place.order)];
    --order_readers_;
    return;
  }
  const auto at = products_.find(place.product);
  ProductTopic& topic = at->second;
  auto& seats = topic.seats;
  std::size_t index = place.seat;
  SCALEMART_CHECK(seats.at(index).id == id);
  if (seats[index].seen != topic.number) --topic.behind;
  const auto move = [&](std::size_t from, std::size_t to) {
    if (from == to) return;
    seats[to] = std::move(seats[from]);
    places_.at(seats[to].id).seat = to;
  };
  // Two moves keep those served in this round before the cursor and the others behind it.
  if (index < topic.cursor) {
    --topic.cursor;
    move(topic.cursor, index);
    index = topic.cursor;
  }
  move(seats.size() - 1, index);
  seats.pop_back();
  if (topic.cursor >= seats.size()) topic.cursor = 0;
  if (!seats.empty()) return;
  if (turn_ == at) ++turn_;
  products_.erase(at);
}

HubStats Hub::stats() const {
  const std::lock_guard lock(mutex_);
  const std::size_t orders = order_readers_.load();
  return {places_.size() - orders, orders, writes_};
}

// --- the ledger's thread

std::atomic<std::uint32_t>* Hub::version_of(ProductRef product) const noexcept {
  const std::size_t index = index_of(product);
  if (index >= kChunk * kChunks) return nullptr;
  Versions* chunk = versions_[index / kChunk].load(std::memory_order_acquire);
  return chunk ? &(*chunk)[index % kChunk] : nullptr;
}

void Hub::product_changed(ProductRef product) noexcept {
  // No chunk: nobody has ever watched a product of this range.
  if (auto* version = version_of(product)) version->fetch_add(1, std::memory_order_release);
}

void Hub::order_changed(const OrderNotice& notice) {
  if (order_readers_.load(std::memory_order_relaxed) == 0) return;
  if (order_filter_[bucket_of(notice.order)].load(std::memory_order_relaxed) == 0) return;
  const std::lock_guard lock(orders_mutex_);
  const auto at = orders_.find(notice.order);
  if (at == orders_.end()) return;
  auto& notices = at->second.notices;
  if (notices.empty()) told_.push_back(notice.order);
  if (notices.size() == kNoticesMax) notices.erase(notices.begin());
  notices.push_back(notice);
}

// --- the live thread

void Hub::refill(SteadyTime now) {
  const std::chrono::duration<double> passed = now - refilled_at_;
  refilled_at_ = now;
  allowance_ = std::min<double>(settings_.burst, allowance_ + passed.count() * settings_.writes_per_s);
}

void Hub::refresh(ProductRef product, ProductTopic& topic, SteadyTime now) {
  if (now < topic.refresh_at) return;
  const std::uint32_t version = version_of(product)->load(std::memory_order_acquire);
  if (version == topic.version) return;
  topic.version = version;
  topic.text = std::make_shared<const std::string>(formatters_.product(product));
  ++topic.number;
  topic.behind = topic.seats.size();
  topic.refresh_at = now + settings_.interval_min;
}

void Hub::serve(ProductTopic& topic) {
  std::vector<std::uint64_t> gone;
  for (; topic.behind > 0 && allowance_ >= 1; topic.cursor = (topic.cursor + 1) % topic.seats.size()) {
    Seat& seat = topic.seats[topic.cursor];
    if (seat.seen == topic.number) continue;
    seat.seen = topic.number;
    --topic.behind;
    allowance_ -= 1;
    ++writes_;
    if (!seat.reader(topic.text)) gone.push_back(seat.id);
  }
  for (const std::uint64_t id : gone) {
    const Place place = places_.at(id);
    places_.erase(id);
    remove_seat(id, place);
  }
}

void Hub::tell_orders() {
  struct Letter {
    std::vector<OrderNotice> notices;
    std::vector<Seat> seats;
  };
  std::vector<Letter> letters;
  {
    const std::lock_guard orders_lock(orders_mutex_);
    for (const OrderId order : std::exchange(told_, {})) {
      const auto at = orders_.find(order);
      if (at == orders_.end() || at->second.notices.empty()) continue;
      letters.push_back({std::exchange(at->second.notices, {}), at->second.seats});
    }
  }
  for (const Letter& letter : letters) {
    std::string all;
    for (const OrderNotice& notice : letter.notices) all += formatters_.order(notice);
    const Text text = std::make_shared<const std::string>(std::move(all));
    for (const Seat& seat : letter.seats) {
      ++writes_;
      allowance_ -= 1;
      if (seat.reader(text)) continue;
      const Place place = places_.at(seat.id);
      places_.erase(seat.id);
      remove_seat(seat.id, place);
    }
  }
}

SteadyTime Hub::pump() {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.steady();
  refill(now);
  if (order_readers_.load() > 0) tell_orders();
  SteadyTime next = places_.empty() ? SteadyTime::max() : now + settings_.interval_min;
  if (order_readers_.load() > 0) next = std::min(next, now + settings_.order_delay_max);
  // Every product once, from where the last round ran out of writes.
  for (std::size_t left = products_.size(); left > 0 && !products_.empty(); --left) {
    if (allowance_ < 1) break;
    if (turn_ == products_.end()) turn_ = products_.begin();
    // The turn moves on even when its readers are not all served: each topic keeps its own cursor, and one
    // that always changes must not starve the others.
    const auto at = turn_++;
    refresh(at->first, at->second, now);
    serve(at->second);  // may end the topic, when its last readers are gone
  }
  for (const auto& [product, topic] : products_)
    if (topic.behind > 0) next = std::min(next, now + std::chrono::milliseconds(10));
  return next;
}

}  // namespace scalemart
