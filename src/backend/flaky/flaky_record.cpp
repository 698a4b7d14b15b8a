#include "backend/flaky/flaky_record.hpp"

#include <algorithm>
#include <array>

namespace scalemart {
namespace {

constexpr std::chrono::seconds kLate{10};

bool may_repeat(std::span<const Command> commands) {
  return std::none_of(commands.begin(), commands.end(), [](const Command& c) {
    return std::holds_alternative<AdjustStock>(c) || std::holds_alternative<SetPaused>(c);
  });
}

}  // namespace

FlakyRecord::Fault FlakyRecord::draw() {
  const std::array<std::pair<std::uint32_t, Fault>, 5> chances{{{faults_.refused, Fault::refused},
                                                                {faults_.lost_before, Fault::lost_before},
                                                                {faults_.lost_after, Fault::lost_after},
                                                                {faults_.late, Fault::late},
                                                                {faults_.repeated, Fault::repeated}}};
  std::uint64_t drawn = random_.below(1000);
  for (const auto& [chance, fault] : chances) {
    if (drawn < chance) return fault;
    drawn -= chance;
  }
  return Fault::none;
}

RecordedBatch FlakyRecord::undecided(Fate fate) {
  if (fate == Fate::unknown) ++unknown_;
  RecordedBatch batch;
  batch.fate = fate;
  batch.why = "flaky: drawn";
  return batch;
}

void FlakyRecord::do_late_ones() {
  for (const Late& late : late_) static_cast<void>(inner_.commit(late.commands, late.now, kLate));
  late_.clear();
}

RecordedBatch FlakyRecord::commit(std::span<const Command> commands, WallTime now, std::chrono::milliseconds within) {
  const std::lock_guard guard(mutex_);
  const Fault fault = draw();
  if (fault == Fault::refused) return undecided(Fate::unavailable);
  if (fault == Fault::lost_before) return undecided(Fate::unknown);
  if (fault == Fault::late) {
    late_.push_back({{commands.begin(), commands.end()}, now});
    return undecided(Fate::unknown);
  }
  RecordedBatch batch = inner_.commit(commands, now, within);
  do_late_ones();
  if (fault == Fault::repeated && may_repeat(commands)) static_cast<void>(inner_.commit(commands, now, within));
  if (fault == Fault::lost_after) return undecided(Fate::unknown);
  if (batch.fate == Fate::unknown) ++unknown_;
  return batch;
}

void FlakyRecord::heal() {
  const std::lock_guard guard(mutex_);
  faults_ = {};
  do_late_ones();
}

std::uint64_t FlakyRecord::unknown() const {
  const std::lock_guard guard(mutex_);
  return unknown_;
}

std::optional<Error> FlakyRecord::read_fault() {
  const std::lock_guard guard(mutex_);
  if (random_.below(1000) >= faults_.read_fails) return std::nullopt;
  return error("flaky: drawn");
}

Result<std::vector<std::optional<OrderView>>> FlakyRecord::find(std::span<const OrderId> ids,
                                                                std::chrono::milliseconds within) {
  if (const auto fault = read_fault()) return *fault;
  return inner_.find(ids, within);
}

Result<std::vector<std::optional<OrderView>>> FlakyRecord::find_by_key(std::span<const BuyerKey> keys,
                                                                       std::chrono::milliseconds within) {
  if (const auto fault = read_fault()) return *fault;
  return inner_.find_by_key(keys, within);
}

Result<std::vector<OrderView>> FlakyRecord::of_buyer(UserId buyer, OrderId before, std::size_t limit,
                                                     std::chrono::milliseconds within) {
  if (const auto fault = read_fault()) return *fault;
  return inner_.of_buyer(buyer, before, limit, within);
}

Result<std::vector<UsedKey>> FlakyRecord::used_keys(OrderId after, std::size_t limit,
                                                    std::chrono::milliseconds within) {
  if (const auto fault = read_fault()) return *fault;
  return inner_.used_keys(after, limit, within);
}

Result<std::vector<ProductRecord>> FlakyRecord::products(std::chrono::milliseconds within) {
  if (const auto fault = read_fault()) return *fault;
  return inner_.products(within);
}

Result<Sweep> FlakyRecord::unfinished(SweepCursor after, std::size_t limit, std::chrono::milliseconds within) {
  if (const auto fault = read_fault()) return *fault;
  return inner_.unfinished(after, limit, within);
}

Result<std::vector<DeadLetter>> FlakyRecord::dead_letters(std::size_t limit, std::chrono::milliseconds within) {
  if (const auto fault = read_fault()) return *fault;
  return inner_.dead_letters(limit, within);
}

Result<std::optional<WallTime>> FlakyRecord::next_expiry(std::chrono::milliseconds within) {
  if (const auto fault = read_fault()) return *fault;
  return inner_.next_expiry(within);
}

Result<Recount> FlakyRecord::recount(std::chrono::milliseconds within) {
  if (const auto fault = read_fault()) return *fault;
  return inner_.recount(within);
}

}  // namespace scalemart
