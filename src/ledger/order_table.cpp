#include "ledger/order_table.hpp"

#include <algorithm>
#include <utility>

namespace scalemart {

OrderTable::OrderTable() : by_id_(IdHash{this}, IdEqual{this}) {}

Row OrderTable::find(OrderId id) const {
  const auto& table = by_id_.of(IdHash{this}(id));
  const auto found = table.find(id);
  return found == table.end() ? kNoRow : *found;
}

void OrderTable::make_room(OrderId id) {
  SCALEMART_CHECK(size_ + 1 < kNoRow);
  by_id_.make_room(IdHash{this}(id), 1, [this](Row row) { prefetch(row); });
  if (size_ < chunks_.size() * OrderChunk::kRows) return;
  chunks_.push_back({std::make_shared<OrderChunk>(), false});
}

void OrderTable::append(const OrderRow& row) noexcept {
  // The chunk may be frozen: this place in it is past what the snapshot reads.
  chunks_[size_ / OrderChunk::kRows].chunk->rows[size_ % OrderChunk::kRows] = row;
  const bool fresh = by_id_.of(IdHash{this}(row.id.get())).insert(size_).second;
  SCALEMART_CHECK(fresh);
  ++size_;
}

void OrderTable::thaw(Row row) {
  Slot& slot = chunks_[row / OrderChunk::kRows];
  if (!slot.frozen) return;
  slot.chunk = std::make_shared<OrderChunk>(*slot.chunk);
  slot.frozen = false;
}

OrderRow& OrderTable::edit(Row row) noexcept {
  Slot& slot = chunks_[row / OrderChunk::kRows];
  SCALEMART_CHECK(!slot.frozen && row < size_);
  return slot.chunk->rows[row % OrderChunk::kRows];
}

std::size_t OrderTable::note_place(const OrderChunk& chunk, Row row) {
  const auto place = std::lower_bound(chunk.parked.begin(), chunk.parked.end(), row % OrderChunk::kRows,
                                      [](const ParkedNote& note, Row offset) { return note.offset < offset; });
  return static_cast<std::size_t>(place - chunk.parked.begin());
}

void OrderTable::make_parking_room(Row row) {
  auto& parked = chunks_[row / OrderChunk::kRows].chunk->parked;
  if (parked.size() == parked.capacity()) parked.reserve(std::max<std::size_t>(4, parked.size() * 2));
}

void OrderTable::park(Row row, ParkedNote note) noexcept {
  edit(row).set_parked(true);
  OrderChunk& chunk = *chunks_[row / OrderChunk::kRows].chunk;
  SCALEMART_CHECK(chunk.parked.size() < chunk.parked.capacity());
  note.offset = static_cast<std::uint16_t>(row % OrderChunk::kRows);
  chunk.parked.insert(chunk.parked.begin() + static_cast<std::ptrdiff_t>(note_place(chunk, row)), std::move(note));
  ++parked_count_;
}

void OrderTable::unpark(Row row) noexcept {
  if (!at(row).parked()) return;
  edit(row).set_parked(false);
  OrderChunk& chunk = *chunks_[row / OrderChunk::kRows].chunk;
  chunk.parked.erase(chunk.parked.begin() + static_cast<std::ptrdiff_t>(note_place(chunk, row)));
  --parked_count_;
}

const ParkedNote& OrderTable::note_of(Row row) const {
  const OrderChunk& chunk = *chunks_[row / OrderChunk::kRows].chunk;
  const ParkedNote& note = chunk.parked[note_place(chunk, row)];
  SCALEMART_CHECK(note.offset == row % OrderChunk::kRows);
  return note;
}

std::vector<std::shared_ptr<const OrderChunk>> OrderTable::share() const {
  std::vector<std::shared_ptr<const OrderChunk>> shared;
  shared.reserve(chunks_.size());
  for (const Slot& slot : chunks_) shared.push_back(slot.chunk);
  return shared;
}

void OrderTable::freeze() noexcept {
  for (Slot& slot : chunks_) slot.frozen = true;
}

bool OrderTable::restore(const std::vector<std::shared_ptr<const OrderChunk>>& chunks, Row size) {
  SCALEMART_CHECK(size_ == 0 && (size + OrderChunk::kRows - 1) / OrderChunk::kRows == chunks.size());
  chunks_.clear();
  chunks_.reserve(chunks.size());
  for (const auto& chunk : chunks) {
    parked_count_ += chunk->parked.size();
    // Frozen, so it is never written: the const_cast only lets one type hold both kinds.
    chunks_.push_back({std::const_pointer_cast<OrderChunk>(chunk), true});
  }
  if (size % OrderChunk::kRows != 0) {
    // The last chunk gets new rows. Its former owner may go on filling it past our count: copy only what is
    // ours.
    auto last = std::make_shared<OrderChunk>();
    std::copy_n(chunks.back()->rows.begin(), size % OrderChunk::kRows, last->rows.begin());
    last->parked = chunks.back()->parked;
    chunks_.back() = {std::move(last), false};
  }
  by_id_.expect(size);
  size_ = size;
  for (Row row = 0; row < size; ++row)
    if (!by_id_.of(IdHash{this}(row)).insert(row).second) return false;
  return true;
}

}  // namespace scalemart
