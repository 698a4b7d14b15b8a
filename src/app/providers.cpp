#include "app/providers.hpp"

#include "backend/files/invoice_files.hpp"
#include "backend/files/mail_files.hpp"
#include "backend/simulated/payment.hpp"
#include "backend/smtp/mailer.hpp"

namespace scalemart {
namespace {

MailIdentity identity_of(const Config& config) {
  MailIdentity identity;
  if (!config.smtp_from.empty()) identity.from = config.smtp_from;
  identity.from_name = config.shop_name;
  return identity;
}

Result<std::unique_ptr<SimulatedPayment>> open_payment(const Config& config, const Clock& clock) {
  auto settings = parse_simulated_payment(config.payment);
  if (!settings) return error("SCALEMART_PAYMENT: " + settings.error().message);
  std::unique_ptr<BankBook> book;
  if (!settings->book.empty()) {
    auto opened = BankBook::open(settings->book);
    if (!opened) return error("SCALEMART_PAYMENT: book: " + opened.error().message);
    book = std::move(*opened);
  }
  return std::make_unique<SimulatedPayment>(clock, std::move(*settings), std::move(book));
}

Result<std::unique_ptr<SmtpMailer>> open_smtp(const Config& config) {
  auto settings = parse_smtp(config.smtp);
  if (!settings) return error("SCALEMART_SMTP: " + settings.error().message);
  if (!config.smtp_user.empty()) {
    settings->user = config.smtp_user;
    settings->password = config.smtp_password;
  }
  settings->identity = identity_of(config);
  return std::make_unique<SmtpMailer>(std::move(*settings));
}

}  // namespace

struct Providers::Parts {
  Parts(const Config& config, const std::filesystem::path& folder) : invoices(folder, config.shop_name) {}
  std::unique_ptr<SimulatedPayment> payments;
  InvoiceFiles invoices;
  std::unique_ptr<SmtpMailer> smtp;
  std::unique_ptr<MailFiles> files;  ///< When there is no mail server.
};

Result<std::unique_ptr<Providers>> Providers::open(const Config& config, const std::filesystem::path& data_folder,
                                                   const Clock& clock) {
  auto parts = std::make_unique<Parts>(config, data_folder);
  auto payments = open_payment(config, clock);
  if (!payments) return payments.error();
  parts->payments = std::move(*payments);
  if (config.smtp.empty()) {
    parts->files = std::make_unique<MailFiles>(data_folder, identity_of(config));
  } else {
    auto smtp = open_smtp(config);
    if (!smtp) return smtp.error();
    parts->smtp = std::move(*smtp);
  }
  return std::unique_ptr<Providers>(new Providers(std::move(parts)));
}

Providers::Providers(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Providers::~Providers() = default;

void Providers::start() {
  parts_->payments->start();
}

void Providers::stop() {
  parts_->payments->stop();
  if (parts_->smtp) parts_->smtp->stop();
}

PaymentProvider& Providers::payments() {
  return *parts_->payments;
}
Invoices& Providers::invoices() {
  return parts_->invoices;
}
Mailer& Providers::mailer() {
  if (parts_->smtp) return *parts_->smtp;
  return *parts_->files;
}

std::optional<std::string> fault_of_payment(std::string_view setting) {
  const auto parsed = parse_simulated_payment(setting);
  if (!parsed) return parsed.error().message;
  return std::nullopt;
}

}  // namespace scalemart
