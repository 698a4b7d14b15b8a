#pragma once
// What other processes changed in a shared account store, so that it takes effect here as well.

#include <cstdint>
#include <functional>
#include <vector>

#include "port/account_store.hpp"

namespace scalemart {

struct AccountChanges {
  struct User {
    UserId id;
    std::uint32_t epoch = 0;  ///< Access tokens of an earlier one are void.
    bool is_admin = false;    ///< Now; a disabled account is none.
  };
  std::vector<User> users;
  std::vector<FamilyId> revoked;  ///< Logins that ended one by one.
  std::vector<Setting> settings;
  [[nodiscard]] bool empty() const { return users.empty() && revoked.empty() && settings.empty(); }
};

/// Called on one thread, in some order: whoever listens must not be misled by a change that it knows already or that
/// is older than what it knows (epochs only rise). It must be quick and must not throw.
using AccountListener = std::function<void(const AccountChanges&)>;

}  // namespace scalemart
