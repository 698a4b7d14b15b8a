#pragma once
// Fulfilment, composed: the payment provider, invoices, mail, and the service that drives orders through
// them.

#include <memory>

#include "app/config.hpp"
#include "app/engine.hpp"
#include "fulfilment/service.hpp"
#include "port/account_store.hpp"
#include "port/invoices.hpp"
#include "port/mailer.hpp"
#include "port/payment.hpp"
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
  [[nodiscard]] Invoices& invoices() { return *invoices_; }
  [[nodiscard]] PaymentProvider& payments() { return *payments_; }

 private:
  class Providers;
  OrderDesk() = default;
  void restore(Engine& engine);

  std::unique_ptr<Providers> providers_;  ///< Owns what the references below point to.
  Invoices* invoices_ = nullptr;
  PaymentProvider* payments_ = nullptr;
  SecureRandom random_;
  std::unique_ptr<FulfilmentService> service_;
};

/// What is wrong with a payment setting, or nothing.
[[nodiscard]] std::optional<std::string> fault_of_payment(std::string_view setting);

}  // namespace scalemart
