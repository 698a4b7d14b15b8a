#include "ledger/buyer_book.hpp"

#include <algorithm>
#include <utility>

namespace scalemart {

BuyerBook::BuyerBook(const OrderTable& orders)
    : orders_(orders),
      by_id_(BuyerHash{this}, BuyerEqual{this}),
      by_key_(KeyHash{&orders}, KeyEqual{&orders}),
      units_() {}

Row BuyerBook::find(UserId id) const {
  const auto& table = by_id_.of(BuyerHash{this}(id));
  const auto found = table.find(id);
  return found == table.end() ? kNoRow : *found;
}

Row BuyerBook::find_order(Row buyer, KeyDigest key) const {
  if (!indexed(buyer)) {
    for (Row order = newest_order(buyer); order != kNoRow; order = orders_.at(order).previous)
      if (orders_.at(order).key.get() == key) return order;
    return kNoRow;
  }
  const BuyerKey wanted{buyer, key};
  const auto& table = by_key_.of(KeyHash{&orders_}(wanted));
  const auto found = table.find(wanted);
  return found == table.end() ? kNoRow : *found;
}

std::uint64_t BuyerBook::units(Row buyer, std::uint16_t product) const {
  if (indexed(buyer)) {
    const std::uint64_t pair = pair_of(buyer, product);
    const auto& table = units_.of(PairHash()(pair));
    const auto found = table.find(pair);
    return found == table.end() ? 0 : found->second;
  }
  std::uint64_t sum = 0;
  for (Row order = newest_order(buyer); order != kNoRow; order = orders_.at(order).previous)
    if (const OrderRow& row = orders_.at(order); row.product == product && row.uses_allowance()) sum += row.quantity();
  return sum;
}

int BuyerBook::walk_length(Row buyer) const {
  int length = 0;
  for (Row order = newest_order(buyer); order != kNoRow; order = orders_.at(order).previous) ++length;
  return length;
}

void BuyerBook::make_key_room(std::size_t hash, std::size_t more) {
  by_key_.make_room(hash, more, [this](Row order) { orders_.prefetch(order); });
}

void BuyerBook::make_room(Row buyer, UserId id, KeyDigest key, std::uint16_t product) {
  if (buyer == kNoRow) {
    by_id_.make_room(BuyerHash{this}(id), 1, [this](Row row) { prefetch(row); });
    if (size_ < ids_.size() * BuyerChunk::kRows) return;
    auto lasts = std::make_unique<Lasts>();
    if (last_.size() == last_.capacity()) last_.reserve(std::max<std::size_t>(16, 2 * last_.size()));
    ids_.push_back(std::make_shared<BuyerChunk>());
    last_.push_back(std::move(lasts));
    return;
  }
  if (indexed(buyer)) {
    if (!key.empty()) make_key_room(KeyHash{&orders_}(BuyerKey{buyer, key}), 1);
    units_.make_room(PairHash()(pair_of(buyer, product)));
    return;
  }
  if (walk_length(buyer) < kWalk) return;
  // This order is one too many for walking: all of the buyer's go into the indexes, perhaps into one table.
  make_key_room(KeyHash{&orders_}(BuyerKey{buyer, key}), kWalk + 1);
  units_.make_room(PairHash()(pair_of(buyer, product)), kWalk + 1);
  for (Row order = newest_order(buyer); order != kNoRow; order = orders_.at(order).previous) {
    make_key_room(KeyHash{&orders_}(order), kWalk + 1);
    units_.make_room(PairHash()(pair_of(buyer, orders_.at(order).product)), kWalk + 1);
  }
}

Row BuyerBook::add_buyer(UserId id) noexcept {
  const Row buyer = size_++;
  ids_[buyer / BuyerChunk::kRows]->ids[buyer % BuyerChunk::kRows] = id;
  set_last(buyer, kNoRow);
  const bool fresh = by_id_.of(BuyerHash{this}(id)).insert(buyer).second;
  SCALEMART_CHECK(fresh);
  return buyer;
}

void BuyerBook::add_order(Row order) noexcept {
  const OrderRow& row = orders_.at(order);
  SCALEMART_CHECK(row.previous == newest_order(row.buyer));
  if (indexed(row.buyer)) {
    index_order(order);
    set_last(row.buyer, order | kIndexed);
    return;
  }
  const int before = walk_length(row.buyer);
  set_last(row.buyer, order);
  if (before < kWalk) return;
  set_last(row.buyer, order | kIndexed);
  for (Row each = order; each != kNoRow; each = orders_.at(each).previous) index_order(each);
}

void BuyerBook::index_order(Row order) noexcept {
  const OrderRow& row = orders_.at(order);
  if (!row.key.get().empty()) by_key_.of(KeyHash{&orders_}(order)).insert(order);
  if (!row.uses_allowance()) return;
  const std::uint64_t pair = pair_of(row.buyer, row.product);
  units_.of(PairHash()(pair))[pair] += row.quantity();
}

void BuyerBook::give_back(Row order) noexcept {
  const OrderRow& row = orders_.at(order);
  if (!indexed(row.buyer)) return;  // counted by walking
  const std::uint64_t pair = pair_of(row.buyer, row.product);
  auto& table = units_.of(PairHash()(pair));
  const auto found = table.find(pair);
  SCALEMART_CHECK(found != table.end() && found->second >= row.quantity());
  found->second -= row.quantity();
}

std::vector<std::shared_ptr<const BuyerChunk>> BuyerBook::share() const {
  return {ids_.begin(), ids_.end()};
}

bool BuyerBook::restore(const std::vector<std::shared_ptr<const BuyerChunk>>& chunks, Row size) {
  SCALEMART_CHECK(size_ == 0 && (size + BuyerChunk::kRows - 1) / BuyerChunk::kRows == chunks.size());
  for (const auto& chunk : chunks) {
    // Full chunks are never written again: the const_cast only lets one type hold both kinds.
    ids_.push_back(std::const_pointer_cast<BuyerChunk>(chunk));
    last_.push_back(std::make_unique<Lasts>());
    last_.back()->fill(kNoRow);
  }
  if (const Row ours = size % BuyerChunk::kRows; ours != 0) {
    // The last one gets new buyers; its former owner may go on filling it past our count.
    auto last = std::make_shared<BuyerChunk>();
    std::copy_n(chunks.back()->ids.begin(), ours, last->ids.begin());
    ids_.back() = std::move(last);
  }
  by_id_.expect(size);
  size_ = size;
  for (Row buyer = 0; buyer < size; ++buyer)
    if (!by_id_.of(BuyerHash{this}(buyer)).insert(buyer).second) return false;
  return true;
}

void BuyerBook::restore_order(Row order) {
  const OrderRow& row = orders_.at(order);
  make_room(row.buyer, {}, row.key.get(), row.product);
  add_order(order);
}

std::optional<BuyerBook::Difference> BuyerBook::first_difference() const {
  boost::unordered_flat_map<std::uint64_t, std::uint64_t, PairHash> expected;
  for (Row buyer = 0; buyer < size_; ++buyer) {
    if (!indexed(buyer)) continue;
    expected.clear();
    for (Row order = newest_order(buyer); order != kNoRow; order = orders_.at(order).previous) {
      const OrderRow& row = orders_.at(order);
      expected[row.product] += row.uses_allowance() ? row.quantity() : 0;
    }
    for (const auto& [product, units_expected] : expected) {
      const auto found = units(buyer, static_cast<std::uint16_t>(product));
      if (found != units_expected) return Difference{buyer, static_cast<std::uint16_t>(product), units_expected, found};
    }
  }
  return std::nullopt;
}

}  // namespace scalemart
