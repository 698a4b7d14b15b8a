#pragma once
// Makes the invoice and writes the mail of a confirmed order.

#include <cstdint>
#include <functional>
#include <string>

#include "fulfilment/executor.hpp"
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

/// Subject and text of the confirmation; the invoice is the attachment.
[[nodiscard]] Mail compose_confirmation(const InvoiceData& invoice, const Contact& buyer, std::string shop);

struct PaperSettings {
  std::string shop = "ScaleMart";
  bool attach_invoice = true;
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
