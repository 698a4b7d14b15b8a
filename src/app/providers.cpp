#include "app/providers.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "app/units.hpp"
#include "backend/files/invoice_files.hpp"
#include "backend/files/mail_files.hpp"
#include "backend/simulated/payment.hpp"
#include "backend/smtp/mailer.hpp"
#include "backend/stripe/http.hpp"
#include "backend/stripe/payment.hpp"
#include "backend/stripe/webhook.hpp"
#include "base/await.hpp"

namespace scalemart {
namespace {

MailIdentity identity_of(const Config& config) {
  MailIdentity identity;
  if (!config.smtp_from.empty()) identity.from = config.smtp_from;
  identity.from_name = config.shop_name;
  return identity;
}

bool is_stripe(std::string_view setting) {
  return setting.starts_with("stripe:");
}

/// Stripe: the connection, the provider over it and what it tells.
struct StripeParts {
  StripeParts(const Config& config, const Clock& clock, const StripeSettings& settings)
      : http(clock, settings.base, config.stripe_key, settings.connections),
        payments(http, clock, settings),
        webhook({split_list(config.stripe_webhook_secret), config.stripe_webhook_tolerance}) {}
  StripeHttp http;
  StripePayment payments;
  StripeWebhook webhook;
};

Result<std::unique_ptr<StripeParts>> open_stripe(const Config& config, const Clock& clock) {
  auto settings = parse_stripe(config.payment);
  if (!settings) return error("SCALEMART_PAYMENT: " + settings.error().message);
  settings->buyers_pay = config.buyers_pay();
  return std::make_unique<StripeParts>(config, clock, *settings);
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
  auto settings = smtp_settings(config);
  if (!settings) return settings.error();
  settings->identity = identity_of(config);
  return std::make_unique<SmtpMailer>(std::move(*settings));
}

Result<std::shared_ptr<const MailTemplates>> open_templates(const Config& config) {
  if (config.mail_templates.empty()) return std::shared_ptr<const MailTemplates>();
  auto templates = MailTemplates::open(config.mail_templates);
  if (!templates) return error("SCALEMART_MAIL_TEMPLATES: " + templates.error().message);
  return std::make_shared<const MailTemplates>(std::move(*templates));
}

}  // namespace

Result<SmtpSettings> smtp_settings(const Config& config) {
  auto settings = parse_smtp(config.smtp, config.smtp_user, config.smtp_password);
  if (!settings) return error("SCALEMART_SMTP: " + settings.error().message);
  settings->ca = config.smtp_ca.string();
  if (!settings->ca.empty() && ::access(settings->ca.c_str(), R_OK) != 0)
    return error("SCALEMART_SMTP_CA: " + settings->ca + ": " + std::strerror(errno));
  return settings;
}

struct Providers::Parts {
  Parts(const Config& config, const std::filesystem::path& folder) : invoices(folder, config.shop_name) {}
  std::unique_ptr<SimulatedPayment> simulated;
  std::unique_ptr<StripeParts> stripe;  ///< This, or the one above.
  InvoiceFiles invoices;
  std::unique_ptr<SmtpMailer> smtp;
  std::unique_ptr<MailFiles> files;  ///< When there is no mail server.
  std::shared_ptr<const MailTemplates> templates;
};

Result<std::unique_ptr<Providers>> Providers::open(const Config& config, const std::filesystem::path& data_folder,
                                                   const Clock& clock) {
  auto parts = std::make_unique<Parts>(config, data_folder);
  auto templates = open_templates(config);
  if (!templates) return templates.error();
  parts->templates = std::move(*templates);
  if (is_stripe(config.payment)) {
    auto stripe = open_stripe(config, clock);
    if (!stripe) return stripe.error();
    parts->stripe = std::move(*stripe);
  } else {
    auto payments = open_payment(config, clock);
    if (!payments) return payments.error();
    parts->simulated = std::move(*payments);
  }
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
  if (parts_->simulated) parts_->simulated->start();
}

void Providers::stop() {
  if (parts_->simulated) parts_->simulated->stop();
  if (parts_->stripe) parts_->stripe->http.stop();
  if (parts_->smtp) parts_->smtp->stop();
}

PaymentProvider& Providers::payments() {
  if (parts_->stripe) return parts_->stripe->payments;
  return *parts_->simulated;
}
const PaymentNotices* Providers::notices() const {
  return parts_->stripe ? &parts_->stripe->webhook : nullptr;
}
Invoices& Providers::invoices() {
  return parts_->invoices;
}
Mailer& Providers::mailer() {
  if (parts_->smtp) return *parts_->smtp;
  return *parts_->files;
}

PaperSettings Providers::papers(const Config& config) const {
  return {config.shop_name, true, parts_->templates};
}

std::optional<PaymentResult> check_payment(const Config& config, const Clock& clock,
                                           std::chrono::nanoseconds patience) {
  if (!is_stripe(config.payment)) return std::nullopt;
  const auto stripe = open_stripe(config, clock);
  if (!stripe) return PaymentResult{PaymentOutcome::misconfigured, {}, stripe.error().message};
  return await<PaymentResult>([&](auto done) {
    (*stripe)->payments.check(SteadyTime(clock.steady() + patience), done);
    return true;
  });
}

std::optional<std::string> fault_of_payment(std::string_view setting) {
  if (is_stripe(setting)) {
    const auto stripe = parse_stripe(setting);
    return stripe ? std::nullopt : std::optional(stripe.error().message);
  }
  const auto parsed = parse_simulated_payment(setting);
  if (!parsed) return parsed.error().message;
  return std::nullopt;
}

}  // namespace scalemart
