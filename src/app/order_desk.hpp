#pragma once
// Fulfilment, composed: the payment provider, invoices, mail, and the service that drives orders through
// them.

#include <memory>

#include "app/config.hpp"
#include "app/contacts.hpp"
#include "app/engine.hpp"
#include "app/providers.hpp"
#include "fulfilment/service.hpp"
#include "telemetry/metrics.hpp"

namespace scalemart {

/// Purpose: what happens after the yes.
/// Lifetimes: open() restores what the last process left unfinished and listens to the engine, so between
/// Engine::open and Engine::start. stop() before the engine stops.
class OrderDesk {
 public:
  /// on_step: told of every step that ended, besides the metrics.
  [[nodiscard]] static Result<std::unique_ptr<OrderDesk>> open(const Config& config, Engine& engine,
                                                               AccountStore& accounts, const Clock& clock,
                                                               Metrics& metrics, StepHook on_step = {});
  ~OrderDesk();
  OrderDesk(const OrderDesk&) = delete;
  OrderDesk& operator=(const OrderDesk&) = delete;

  void start();
  /// Gives what is under way up to `patience`; the rest is taken up again by the next process. Idempotent.
  void stop(std::chrono::nanoseconds patience);

  [[nodiscard]] FulfilmentService& service() { return *service_; }
  [[nodiscard]] Invoices& invoices() { return providers_->invoices(); }
  [[nodiscard]] PaymentProvider& payments() { return providers_->payments(); }

 private:
  explicit OrderDesk(AccountStore& accounts) : addresses_(accounts) {}
  void restore(Engine& engine);

  AccountAddresses addresses_;
  std::unique_ptr<Providers> providers_;
  SecureRandom random_;
  std::unique_ptr<FulfilmentService> service_;
};

}  // namespace scalemart
