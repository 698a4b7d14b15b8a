#include "fulfilment/paper_desk.hpp"

#include <utility>

#include "domain/money_text.hpp"

namespace scalemart {
namespace {

std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

}  // namespace

Mail compose_mail(const MailTemplates& templates, MailKind kind, const MailAbout& about, const Contact& buyer,
                  const std::string& shop) {
  Mail mail;
  mail.order = about.order;
  mail.kind = kind == MailKind::confirmed ? "confirmation" : std::string(to_text(kind));
  mail.to = buyer.email;
  mail.to_name = one_line(buyer.name);
  mail.date = about.at;
  MailFields fields;
  fields.shop = shop;
  fields.name = mail.to_name;
  fields.greeting = buyer.name.empty() ? "Hello" : "Hello " + mail.to_name;
  fields.order = to_string(about.order);
  fields.product = about.product_name;
  fields.product_id = about.product_id;
  fields.quantity = std::to_string(about.quantity);
  fields.price = format_money(about.unit_price, about.currency);
  fields.total = format_money(about.unit_price * about.quantity, about.currency);
  fields.reason = about.reason;
  auto rendered = templates.render(kind, fields);
  mail.subject = std::move(rendered.subject);
  mail.text = std::move(rendered.text);
  mail.html = std::move(rendered.html);
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
  const MailTemplates& templates = settings_.templates ? *settings_.templates : MailTemplates::built_in();
  Mail mail = compose_mail(templates, MailKind::confirmed,
                           {data.order,
                            data.product_id,
                            data.product_name,
                            data.quantity,
                            data.unit_price,
                            data.currency,
                            data.confirmed_at,
                            {}},
                           **contact, settings_.shop);
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
