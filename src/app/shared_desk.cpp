#include "app/shared_desk.hpp"

#include "app/providers.hpp"

namespace scalemart {
namespace {

class SharedDesk final : public OrderDesk, private FulfilmentDesk {
 public:
  explicit SharedDesk(std::unique_ptr<Providers> providers) : providers_(std::move(providers)) {}
  void start() override { providers_->start(); }
  void stop(std::chrono::nanoseconds) override { providers_->stop(); }
  [[nodiscard]] FulfilmentDesk& fulfilment() override { return *this; }
  [[nodiscard]] Invoices& invoices() override { return providers_->invoices(); }
  [[nodiscard]] PaymentProvider& payments() override { return providers_->payments(); }

 private:
  [[nodiscard]] std::shared_ptr<const FulfilmentView> view() const override {
    return std::make_shared<const FulfilmentView>();
  }
  void dead_letters(DeadLetterSearch, LettersDone done) override { done({}); }
  void retry_dead(OrderId, Done done) override { done(Outcome::order_not_found); }
  void discard_dead(OrderId, Done done) override { done(Outcome::order_not_found); }
  void pause(bool) override {}
  void set_concurrency(std::string, std::uint32_t, Done done) override { done(Outcome::order_not_found); }

  std::unique_ptr<Providers> providers_;
};

}  // namespace

Result<std::unique_ptr<OrderDesk>> open_shared_desk(SharedDeskParts parts) {
  auto providers = Providers::open(parts.config, parts.engine.folder().path(), parts.clock);
  if (!providers) return providers.error();
  return std::unique_ptr<OrderDesk>(std::make_unique<SharedDesk>(std::move(*providers)));
}

}  // namespace scalemart
