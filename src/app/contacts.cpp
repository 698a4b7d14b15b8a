#include "app/contacts.hpp"

#include "base/await.hpp"

namespace scalemart {

void find_contact(AccountStore& accounts, UserId buyer, const ContactDone& done) {
  const bool taken = accounts.find(buyer, [done](Result<std::optional<Account>> found) {
    if (!found) return done(found.error());
    std::optional<Account>& account = *found;
    done(account ? std::optional(Contact{std::move(account->email), std::move(account->name)}) : std::nullopt);
  });
  if (!taken) done(error("the accounts are too busy to say the buyer's address"));
}

Result<std::optional<Contact>> AccountAddresses::contact(UserId buyer) {
  using Answer = Result<std::optional<Contact>>;
  return *await<Answer>([&](auto done) {
    find_contact(accounts_, buyer, std::move(done));
    return true;
  });
}

}  // namespace scalemart
