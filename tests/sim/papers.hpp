#pragma once
// Invoices, mails and addresses that remember their effects, on a pool that does its work when the world says
// so.

#include <deque>
#include <functional>
#include <map>
#include <queue>
#include <string>

#include "base/clock.hpp"
#include "fulfilment/executor.hpp"
#include "port/invoices.hpp"
#include "port/mailer.hpp"
#include "tests/sim/dice.hpp"
#include "tests/sim/fuse.hpp"
#include "tests/sim/settings.hpp"
#include "tests/sim/tally.hpp"

namespace scalemart::sim {

class Papers final : public Invoices, public Mailer, public AddressBook, public Executor {
 public:
  Papers(const Clock& clock, Dice& dice, Fuse& fuse, Tally& tally, const PaperTraits& traits)
      : clock_(clock), dice_(dice), fuse_(fuse), tally_(tally), traits_(traits) {}

  Result<void> issue(const InvoiceData& data) override;
  Result<std::string> fetch(const InvoiceData& data) override;
  void send(Mail mail, MailDone done) override;
  Result<std::optional<Contact>> contact(UserId buyer) override;
  bool run(std::function<void()> work) override;

  /// Does some of the pool's work and gives the mailer's answers that are due.
  void turn(std::size_t works);
  [[nodiscard]] SteadyTime next() const;
  void shop_died();
  void heal() { healed_ = true; }

  struct Effect {
    MinorUnits total = 0;
    std::int64_t ordered_ms = 0, confirmed_ms = 0;
    int times = 0;
  };
  /// By order: what a buyer sees is the same however often it was made.
  [[nodiscard]] const std::map<OrderId, Effect>& invoices() const { return invoices_; }
  [[nodiscard]] const std::map<OrderId, Effect>& mails() const { return mails_; }
  std::function<void(OrderId, const std::string&)> on_misuse;

 private:
  void note(std::map<OrderId, Effect>& effects, OrderId order, const Effect& effect, const char* what);

  const Clock& clock_;
  Dice& dice_;
  Fuse& fuse_;
  Tally& tally_;
  const PaperTraits traits_;
  bool healed_ = false;
  std::map<OrderId, Effect> invoices_, mails_;
  std::deque<std::function<void()>> pool_;
  struct Answer {
    SteadyTime at;
    MailResult result;
    MailDone done;
  };
  std::multimap<SteadyTime, Answer> answers_;
};

}  // namespace scalemart::sim
