#pragma once
// Who is an administrator right now, whatever a token says.

#include <shared_mutex>
#include <unordered_set>
#include <vector>

#include "domain/ids.hpp"

namespace scalemart {

/// A mirror of the account store's roles in memory; Sessions keeps it current. Thread-safe.
class Admins {
 public:
  [[nodiscard]] bool contains(UserId user) const {
    const std::shared_lock lock(mutex_);
    return users_.contains(user);
  }
  void set(UserId user, bool is_admin) {
    const std::unique_lock lock(mutex_);
    if (is_admin)
      users_.insert(user);
    else
      users_.erase(user);
  }
  void replace(const std::vector<UserId>& users) {
    const std::unique_lock lock(mutex_);
    users_ = std::unordered_set<UserId>(users.begin(), users.end());
  }
  [[nodiscard]] std::size_t size() const {
    const std::shared_lock lock(mutex_);
    return users_.size();
  }

 private:
  mutable std::shared_mutex mutex_;
  std::unordered_set<UserId> users_;  ///< Guarded by mutex_.
};

}  // namespace scalemart
