#include "fulfilment/paper_desk.hpp"

#include <utility>

#include "domain/money_text.hpp"

namespace scalemart {
namespace {

/// Mailers refuse control characters in a header; a name with a line break must not cost the buyer the mail.
std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

}  // namespace

Mail compose_confirmation(const InvoiceData& invoice, const Contact& buyer, std::string shop) {
  Mail mail;
  mail.order = invoice.order;
  mail.to = buyer.email;
  mail.to_name = one_line(buyer.name);
  mail.subject = one_line("Your order of " + invoice.product_name + " is confirmed");
  mail.date = invoice.confirmed_at;
  mail.text = "Hello" + (buyer.name.empty() ? std::string() : " " + mail.to_name) + ",\n\n" +
              "thank you. Your order is paid and confirmed.\n\n" + "Order     " + to_string(invoice.order) + "\n" +
              "Product   " + invoice.product_name + " (" + invoice.product_id + ")\n" + "Quantity  " +
              std::to_string(invoice.quantity) + "\n" + "Price     " +
              format_money(invoice.unit_price, invoice.currency) + "\n" + "Total     " +
              format_money(invoice.total(), invoice.currency) + "\n\n" + std::move(shop) + "\n";
  return mail;
}

PaperDesk::PaperDesk(Executor& executor, Invoices& invoices, Mailer& mailer, AddressBook& addresses,
                     PaperSettings settings)
    : executor_(executor),
      invoices_(invoices),
      mailer_(mailer),
      addresses_(addresses),
      settings_(std::move(settings)) {}

void PaperDesk::issue_invoice(const Task& task, PaperDone done) {
  const bool taken = executor_.run([this, data = invoice_of(task.order, *task.product), done] {
    const Result<void> issued = invoices_.issue(data);
    if (issued) {
      done({PaperOutcome::done, {}});
    } else {
      done({PaperOutcome::unavailable, issued.error().message});
    }
  });
  if (!taken) done({PaperOutcome::unavailable, "the pool for papers is full"});
}

void PaperDesk::send_mail(const Task& task, PaperDone done) {
  const bool taken = executor_.run([this, buyer = task.order.buyer, data = invoice_of(task.order, *task.product),
                                    done] { write_mail(buyer, data, done); });
  if (!taken) done({PaperOutcome::unavailable, "the pool for papers is full"});
}

void PaperDesk::write_mail(UserId buyer, const InvoiceData& data, PaperDone done) {
  const Result<std::optional<Contact>> contact = addresses_.contact(buyer);
  if (!contact) return done({PaperOutcome::unavailable, contact.error().message});
  if (!*contact) return done({PaperOutcome::rejected, "the buyer has no address"});
  Mail mail = compose_confirmation(data, **contact, settings_.shop);
  if (settings_.attach_invoice) {
    Result<std::string> pdf = invoices_.fetch(data);
    if (!pdf) return done({PaperOutcome::unavailable, pdf.error().message});
    mail.attachment = std::move(*pdf);
    mail.attachment_name = "invoice-" + to_string(data.order) + ".pdf";
  }
  mailer_.send(std::move(mail), [done = std::move(done)](MailResult result) {
    const auto outcome = result.outcome == MailOutcome::sent       ? PaperOutcome::done
                         : result.outcome == MailOutcome::rejected ? PaperOutcome::rejected
                                                                   : PaperOutcome::unavailable;
    done({outcome, std::move(result.detail)});
  });
}

}  // namespace scalemart
