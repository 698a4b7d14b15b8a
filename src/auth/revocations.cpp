#include "auth/revocations.hpp"

#include <algorithm>

namespace scalemart {

void Revocations::added(std::size_t index) noexcept {
  slots_[index].fetch_add(1, std::memory_order_release);
  count_.fetch_add(1, std::memory_order_release);
}

void Revocations::removed(std::size_t index) noexcept {
  slots_[index].fetch_sub(1, std::memory_order_release);
  count_.fetch_sub(1, std::memory_order_release);
}

bool Revocations::revoke_user(UserId user, std::uint32_t epoch, WallTime until) {
  const std::lock_guard lock(mutex_);
  const auto [entry, is_new] = users_.try_emplace(user, UserEntry{epoch, until});
  const bool is_old_news = entry->second.epoch > epoch;
  entry->second.epoch = std::max(entry->second.epoch, epoch);
  entry->second.until = std::max(entry->second.until, until);
  if (is_new) added(index(user));
  return !is_old_news;
}

void Revocations::revoke_family(FamilyId family, WallTime until) {
  const std::lock_guard lock(mutex_);
  const auto [entry, is_new] = families_.try_emplace(family, until);
  entry->second = std::max(entry->second, until);
  if (is_new) added(index(family));
}

bool Revocations::allows_slowly(UserId user, FamilyId family, std::uint32_t epoch) const noexcept {
  const std::lock_guard lock(mutex_);
  if (families_.contains(family)) return false;
  const auto entry = users_.find(user);
  return entry == users_.end() || epoch >= entry->second.epoch;
}

void Revocations::sweep(WallTime now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(users_, [&](const auto& entry) {
    if (entry.second.until >= now) return false;
    removed(index(entry.first));
    return true;
  });
  std::erase_if(families_, [&](const auto& entry) {
    if (entry.second >= now) return false;
    removed(index(entry.first));
    return true;
  });
}

}  // namespace scalemart
