#pragma once
// Where buyers can be reached, out of the accounts.

#include <functional>

#include "port/account_store.hpp"
#include "port/mailer.hpp"

namespace scalemart {

using ContactDone = std::function<void(Result<std::optional<Contact>>)>;

/// Concurrency: from any thread. `done` is called once, on the accounts' thread or before this returns.
void find_contact(AccountStore& accounts, UserId buyer, const ContactDone& done);

/// Waits, so for the pool that writes mails.
class AccountAddresses final : public AddressBook {
 public:
  explicit AccountAddresses(AccountStore& accounts) : accounts_(accounts) {}
  Result<std::optional<Contact>> contact(UserId buyer) override;

 private:
  AccountStore& accounts_;
};

}  // namespace scalemart
