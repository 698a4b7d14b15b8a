#include "backend/shared/order_range.hpp"

#include <algorithm>

namespace scalemart {
namespace {

constexpr std::chrono::minutes kClockTrust{10};

OrderId first_made_at(WallTime time) {
  constexpr std::int64_t kMost = (std::int64_t{1} << 48) - 1;
  return {static_cast<std::uint64_t>(std::clamp<std::int64_t>(time.ms, 0, kMost)) << 16, 0};
}

}  // namespace

std::optional<IdRange> ids_to_search(const OrderSearch& search) {
  constexpr WallTime kEarliest{0}, kLatest{std::int64_t{1} << 49};
  IdRange range;
  if (!search.id_prefix.empty()) {
    const auto ids = ids_beginning_with(search.id_prefix);
    if (!ids) return std::nullopt;
    range = {ids->first, ids->second};
  }
  if (search.from)
    range.first = std::max(range.first, first_made_at(std::clamp(*search.from, kEarliest, kLatest) + -kClockTrust));
  if (search.to)
    range.last = std::min(range.last, first_made_at(std::clamp(*search.to, kEarliest, kLatest) + kClockTrust));
  return range;
}

}  // namespace scalemart
