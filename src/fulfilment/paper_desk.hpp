#pragma once
// Makes the invoice and writes the mail of a confirmed order.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "fulfilment/executor.hpp"
#include "fulfilment/mail_template.hpp"
#include "port/invoices.hpp"
#include "port/mailer.hpp"
#include "port/order_queue.hpp"

namespace scalemart {

enum class PaperOutcome : std::uint8_t {
  done,
  unavailable,  ///< Try again later.
  rejected,     ///< Will never work: a person must look.
};
struct PaperResult {
  PaperOutcome outcome = PaperOutcome::unavailable;
  std::string detail;
};
using PaperDone = std::function<void(PaperResult)>;

/// What a mail is about.
struct MailAbout {
  OrderId order;
  std::string product_id;
  std::string product_name;
  std::uint32_t quantity = 0;
  MinorUnits unit_price = 0;
  Currency currency;
  WallTime at;         ///< The mail's date, so that it is the same mail whenever it is made.
  std::string reason;  ///< In words; of an order that came to nothing.
};
/// Without its attachment.
[[nodiscard]] Mail compose_mail(const MailTemplates& templates, MailKind kind, const MailAbout& about,
                                const Contact& buyer, const std::string& shop);

struct PaperSettings {
  std::string shop = "ScaleMart";
  bool attach_invoice = true;
  std::shared_ptr<const MailTemplates> templates = {};  ///< nullptr: the program's own.
};

/// Purpose: the two steps after a sale, each idempotent under the order id.
/// Concurrency: calls from the loop; the work is done on the executor; `done` is called exactly once, on
/// whichever thread ends it. The parts outlive the executor's work.
class PaperDesk {
 public:
  PaperDesk(Executor& executor, Invoices& invoices, Mailer& mailer, AddressBook& addresses,
            PaperSettings settings = {});
  void issue_invoice(const Task& task, PaperDone done);
  void send_mail(const Task& task, PaperDone done);

 private:
  void write_mail(UserId buyer, const InvoiceData& data, PaperDone done);

  Executor& executor_;
  Invoices& invoices_;
  Mailer& mailer_;
  AddressBook& addresses_;
  const PaperSettings settings_;
};

}  // namespace scalemart
