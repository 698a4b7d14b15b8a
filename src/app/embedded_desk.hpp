#pragma once
// Fulfilment, composed: the payment provider, invoices, mail, and the service that drives orders through
// them.

#include <memory>

#include "app/config.hpp"
#include "app/contacts.hpp"
#include "app/embedded_engine.hpp"
#include "app/order_desk.hpp"
#include "app/providers.hpp"
#include "fulfilment/service.hpp"
#include "telemetry/metrics.hpp"

namespace scalemart {

/// Purpose: OrderDesk over the ledger of this process.
/// Lifetimes: open() restores what the last process left unfinished and listens to the engine.
class EmbeddedDesk final : public OrderDesk {
 public:
  /// on_step: told of every step that ended, besides the metrics.
  [[nodiscard]] static Result<std::unique_ptr<EmbeddedDesk>> open(const Config& config, EmbeddedEngine& engine,
                                                                  AccountStore& accounts, const Clock& clock,
                                                                  Metrics& metrics, StepHook on_step = {});
  ~EmbeddedDesk() override;
  EmbeddedDesk(const EmbeddedDesk&) = delete;
  EmbeddedDesk& operator=(const EmbeddedDesk&) = delete;

  void start() override;
  void stop(std::chrono::nanoseconds patience) override;
  [[nodiscard]] FulfilmentDesk& fulfilment() override { return *service_; }
  [[nodiscard]] Invoices& invoices() override { return providers_->invoices(); }
  [[nodiscard]] PaymentProvider& payments() override { return providers_->payments(); }
  [[nodiscard]] std::optional<Post> post() override {
    return Post{&providers_->mailer(), &addresses_, providers_->papers(config_)};
  }
  [[nodiscard]] const PaymentNotices* notices() const override { return providers_->notices(); }
  /// The dispatcher hears of it by the record.
  void confirmed_here(const OpenOrder&) override {}
  [[nodiscard]] RemoteWorkers* remote_workers() override { return &service_->remote_workers(); }

 private:
  EmbeddedDesk(const Config& config, AccountStore& accounts) : config_(config), addresses_(accounts) {}
  void restore(EmbeddedEngine& engine);

  const Config& config_;
  AccountAddresses addresses_;
  std::unique_ptr<Providers> providers_;
  SecureRandom random_;
  std::unique_ptr<FulfilmentService> service_;
};

}  // namespace scalemart
