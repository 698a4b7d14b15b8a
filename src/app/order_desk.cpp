#include "app/order_desk.hpp"

#include "backend/files/invoice_files.hpp"
#include "backend/files/mail_files.hpp"
#include "backend/simulated/payment.hpp"
#include "backend/smtp/mailer.hpp"
#include "base/await.hpp"
#include "flow/resume.hpp"

namespace scalemart {
namespace {

MailIdentity identity_of(const Config& config) {
  MailIdentity identity;
  if (!config.smtp_from.empty()) identity.from = config.smtp_from;
  identity.from_name = config.shop_name;
  return identity;
}

/// Addresses from the account store; waits, so for the pool that writes mails.
class AccountAddresses final : public AddressBook {
 public:
  explicit AccountAddresses(AccountStore& accounts) : accounts_(accounts) {}
  Result<std::optional<Contact>> contact(UserId buyer) override {
    const auto found =
        await<Result<std::optional<Account>>>([&](auto done) { return accounts_.find(buyer, std::move(done)); });
    if (!found) return error("the account store is busy");
    if (!*found) return found->error();
    const std::optional<Account>& account = **found;
    return account ? std::optional(Contact{account->email, account->name}) : std::nullopt;
  }

 private:
  AccountStore& accounts_;
};

StepHook count_steps(Metrics& metrics, StepHook also) {
  return [&metrics, also = std::move(also)](const FinishedStep& step) {
    metrics.fulfilment_duration_seconds.at({to_text(step.step)}).record(step.took);
    metrics.fulfilment_attempts_total.at({to_text(step.step), to_text(step.result)}).add();
    if (also) also(step);
  };
}

}  // namespace

class OrderDesk::Providers {
 public:
  Providers(const Config& config, const DataFolder& folder, AccountStore& accounts, const Clock& clock,
            const SimulatedPaymentSettings& payment, std::optional<SmtpSettings> smtp)
      : addresses(accounts), payments(clock, payment), invoices(folder.path(), config.shop_name) {
    if (smtp)
      smtp_mailer = std::make_unique<SmtpMailer>(std::move(*smtp));
    else
      file_mailer = std::make_unique<MailFiles>(folder.path(), identity_of(config));
  }
  [[nodiscard]] Mailer& mailer() {
    if (smtp_mailer) return *smtp_mailer;
    return *file_mailer;
  }

  AccountAddresses addresses;
  SimulatedPayment payments;
  InvoiceFiles invoices;
  std::unique_ptr<SmtpMailer> smtp_mailer;
  std::unique_ptr<MailFiles> file_mailer;
};

Result<std::unique_ptr<OrderDesk>> OrderDesk::open(const Config& config, Engine& engine, AccountStore& accounts,
                                                   const Clock& clock, Metrics& metrics, StepHook on_step) {
  const auto payment = parse_simulated_payment(config.payment);
  if (!payment) return error("SCALEMART_PAYMENT: " + payment.error().message);
  std::optional<SmtpSettings> smtp;
  if (!config.smtp.empty()) {
    auto parsed = parse_smtp(config.smtp);
    if (!parsed) return error("SCALEMART_SMTP: " + parsed.error().message);
    if (!config.smtp_user.empty()) {
      parsed->user = config.smtp_user;
      parsed->password = config.smtp_password;
    }
    parsed->identity = identity_of(config);
    smtp = std::move(*parsed);
  }
  std::unique_ptr<OrderDesk> desk(new OrderDesk());
  desk->providers_ = std::make_unique<Providers>(config, engine.folder(), accounts, clock, *payment, std::move(smtp));
  desk->invoices_ = &desk->providers_->invoices;
  desk->payments_ = &desk->providers_->payments;
  FulfilmentSettings settings;
  settings.workers = config.workers;
  settings.worker.concurrency = config.worker_concurrency;
  settings.papers.shop = config.shop_name;
  desk->service_ = std::make_unique<FulfilmentService>(
      FulfilmentParts{engine.sequencer(), *desk->payments_, *desk->invoices_, desk->providers_->mailer(),
                      desk->providers_->addresses, clock, desk->random_, count_steps(metrics, std::move(on_step))},
      settings);
  desk->restore(engine);
  Dispatcher& dispatcher = desk->service_->dispatcher();
  engine.on_committed([&dispatcher](const Committed& batch) { dispatcher.observe(batch.records); });
  return desk;
}

void OrderDesk::restore(Engine& engine) {
  resume_orders(service_->dispatcher(), engine.catalogue().current()->all(), engine.take_unfinished(),
                engine.take_parked());
}

void OrderDesk::start() {
  providers_->payments.start();
  service_->start();
}

void OrderDesk::stop(std::chrono::nanoseconds patience) {
  service_->drain(patience);
  service_->stop();
  providers_->payments.stop();
  if (providers_->smtp_mailer) providers_->smtp_mailer->stop();
}

OrderDesk::~OrderDesk() {
  if (service_) stop(std::chrono::nanoseconds(0));
}

std::optional<std::string> fault_of_payment(std::string_view setting) {
  const auto parsed = parse_simulated_payment(setting);
  if (!parsed) return parsed.error().message;
  return std::nullopt;
}

}  // namespace scalemart
