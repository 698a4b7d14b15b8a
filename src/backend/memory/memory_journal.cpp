#include "backend/memory/memory_journal.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "domain/record_codec.hpp"

namespace scalemart {
namespace {

Error bad_batch(Sequence first, const char* what) {
  return error("journal: the batch at sequence " + std::to_string(first) + " " + what);
}

Result<void> visit_batch(Sequence first, std::span<const std::byte> bytes, Sequence after,
                         const std::function<void(const Record&)>& visit) {
  const auto records = decode_batch(first, bytes);
  if (!records) return records.error();
  for (const Record& record : *records)
    if (record.sequence > after) visit(record);
  return {};
}

}  // namespace

JournalHead MemoryJournal::head() const {
  if (batches_.empty()) return {};
  return {batches_.back().last(), batches_.back().hash};
}

MemoryJournal::Fault MemoryJournal::next_fault() {
  if (script_.empty()) return Fault::none;
  if (script_.front().skip > 0) {
    --script_.front().skip;
    return Fault::none;
  }
  const Fault fault = script_.front().fault;
  script_.pop_front();
  return fault;
}

Journal::Appended MemoryJournal::append(std::span<const Record> records, bool for_release) {
  SCALEMART_CHECK(!records.empty() && records.front().sequence == head().sequence + 1);
  const Fault fault = next_fault();
  if (fault == Fault::fatal_before_durable) throw Died{};
  if (fault == Fault::no_space) room_ = false;
  if (!room_.load() && fault != Fault::fatal_after_durable) {
    if (!for_release || reserve_ == 0) return Appended::no_space;
    --reserve_;
  }
  Batch batch{records.front().sequence, records.size(), encode_batch(records), {}, !lying_};
  batch.hash = hasher_.next(head().hash, batch.first, batch.count, batch.bytes);
  batches_.push_back(std::move(batch));
  if (fault == Fault::fatal_after_durable) throw Died{};
  return Appended::durable;
}

std::unique_ptr<MemoryJournal> MemoryJournal::crash(Random& random) {
  std::size_t kept = batches_.size();
  while (kept > 0 && !batches_[kept - 1].synced && random.below(2) == 0) --kept;
  auto survivor = std::make_unique<MemoryJournal>();
  survivor->batches_.assign(batches_.begin(), batches_.begin() + static_cast<std::ptrdiff_t>(kept));
  for (Batch& batch : survivor->batches_) batch.synced = true;
  survivor->lying_ = lying_;
  survivor->room_ = room_.load();
  survivor->reserve_ = reserve_;
  return survivor;
}

void MemoryJournal::damage(Sequence sequence) {
  for (Batch& batch : batches_)
    if (batch.first <= sequence && sequence <= batch.last()) batch.bytes.back() ^= std::byte{1};
}

Result<void> MemoryJournal::replay(Sequence after, const ChainHash& known,
                                   const std::function<void(const Record&)>& visit) {
  if (after > head().sequence) return error("journal: ends before " + std::to_string(after) + ": records are missing");
  const auto start = std::find_if(batches_.begin(), batches_.end(), [&](const Batch& b) { return b.last() > after; });
  const bool at_end_of_batch =
      after == 0 || (start != batches_.begin() && (start - 1)->last() == after && (start - 1)->hash == known);
  if (!at_end_of_batch) return bad_batch(after, "is not the one known from before");
  ChainHash hash = known;
  for (auto batch = start; batch != batches_.end(); ++batch) {
    hash = hasher_.next(hash, batch->first, batch->count, batch->bytes);
    if (hash != batch->hash) return bad_batch(batch->first, "was changed: its hash does not match");
    if (auto done = visit_batch(batch->first, batch->bytes, after, visit); !done) return done;
  }
  return {};
}

Result<Sequence> MemoryJournal::read(Sequence after, std::size_t max, const std::function<void(const Record&)>& visit) {
  Sequence reached = after;
  for (const Batch& batch : batches_) {
    if (batch.last() <= after) continue;
    if (reached - after >= max) break;
    if (auto done = visit_batch(batch.first, batch.bytes, after, visit); !done) return done.error();
    reached = batch.last();
  }
  return reached;
}

}  // namespace scalemart
