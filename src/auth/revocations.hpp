#pragma once
// Access tokens that must not be believed any more although their time is not over.

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "base/clock.hpp"
#include "domain/ids.hpp"

namespace scalemart {

/// Purpose: makes logout, a changed password and a disabled account take effect at once.
/// Operation: a small table of counters, indexed by a hash of the user or the login, says "certainly not
/// revoked" for nearly everybody without a lock; only a hit asks the maps.
/// Concurrency: thread-safe. Who is told of a revocation sees it in every later allows().
/// Bounds: an entry lives until the tokens it concerns have expired; sweep() forgets it.
class Revocations {
 public:
  /// The user's tokens of an epoch before `epoch` are void. Forgotten after `until`. False: a later epoch was known
  /// already, so this is old news.
  bool revoke_user(UserId user, std::uint32_t epoch, WallTime until);
  /// The login's tokens are void.
  void revoke_family(FamilyId family, WallTime until);

  [[nodiscard]] bool allows(UserId user, FamilyId family, std::uint32_t epoch) const noexcept {
    if (count_.load(std::memory_order_acquire) == 0) return true;
    if (slot(user).load(std::memory_order_acquire) == 0 && slot(family).load(std::memory_order_acquire) == 0)
      return true;
    return allows_slowly(user, family, epoch);
  }

  void sweep(WallTime now);
  [[nodiscard]] std::size_t size() const noexcept { return count_.load(std::memory_order_relaxed); }

 private:
  struct UserEntry {
    std::uint32_t epoch;
    WallTime until;
  };
  static constexpr std::size_t kSlots = 65'536;

  template <class Id>
  static std::size_t index(Id id) noexcept {
    return static_cast<std::size_t>(((id.lo ^ (id.hi >> 7)) * 0x9e3779b97f4a7c15ULL) >> 48);
  }
  template <class Id>
  [[nodiscard]] const std::atomic<std::uint32_t>& slot(Id id) const noexcept {
    return slots_[index(id)];
  }
  [[nodiscard]] bool allows_slowly(UserId user, FamilyId family, std::uint32_t epoch) const noexcept;
  void added(std::size_t index) noexcept;
  void removed(std::size_t index) noexcept;

  std::atomic<std::size_t> count_{0};
  std::array<std::atomic<std::uint32_t>, kSlots> slots_{};
  mutable std::mutex mutex_;
  std::unordered_map<UserId, UserEntry> users_;      ///< Guarded by mutex_.
  std::unordered_map<FamilyId, WallTime> families_;  ///< Guarded by mutex_.
};

}  // namespace scalemart
