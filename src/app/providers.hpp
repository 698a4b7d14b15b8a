#pragma once
// Whom orders are driven through, as the configuration names them: who takes the money, who keeps invoices, who
// carries mail. The same in a server and in a worker of its own.

#include <filesystem>
#include <memory>

#include "app/config.hpp"
#include "backend/smtp/mailer.hpp"
#include "base/clock.hpp"
#include "fulfilment/paper_desk.hpp"
#include "port/invoices.hpp"
#include "port/mailer.hpp"
#include "port/payment.hpp"
#include "port/payment_notices.hpp"

namespace scalemart {

/// Concurrency: open, start, stop, destroy from one thread; the parts as their headers say.
class Providers {
 public:
  /// The error names the setting.
  [[nodiscard]] static Result<std::unique_ptr<Providers>> open(const Config& config,
                                                               const std::filesystem::path& data_folder,
                                                               const Clock& clock);
  ~Providers();
  Providers(const Providers&) = delete;
  Providers& operator=(const Providers&) = delete;

  void start();
  /// No answer comes after it. Idempotent.
  void stop();

  [[nodiscard]] PaymentProvider& payments();
  /// nullptr: the provider tells nothing by itself.
  [[nodiscard]] const PaymentNotices* notices() const;
  [[nodiscard]] Invoices& invoices();
  [[nodiscard]] Mailer& mailer();
  /// How mails are written.
  [[nodiscard]] PaperSettings papers(const Config& config) const;

 private:
  struct Parts;
  explicit Providers(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// The mail server of the configuration; the error names the setting.
[[nodiscard]] Result<SmtpSettings> smtp_settings(const Config& config);
/// Asks the payment provider whether it would serve us, if it is one that can be asked.
[[nodiscard]] std::optional<PaymentResult> check_payment(const Config& config, const Clock& clock,
                                                         std::chrono::nanoseconds patience);

/// What is wrong with a payment setting, or nothing.
[[nodiscard]] std::optional<std::string> fault_of_payment(std::string_view setting);

}  // namespace scalemart
