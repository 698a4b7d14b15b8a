#include "app/shared_desk.hpp"

#include "app/contacts.hpp"
#include "app/providers.hpp"
#include "app/shared_team.hpp"
#include "app/step_metrics.hpp"
#include "flow/ask.hpp"
#include "fulfilment/shared/order_feeder.hpp"
#include "fulfilment/shared/shared_fulfilment.hpp"
#include "fulfilment/shared/sweeper.hpp"

namespace scalemart {
namespace {

/// Each thread that speaks with Redis has a client of its own.
struct Connections {
  explicit Connections(const SharedRedis& redis)
      : feed(open_order_streams(redis)),
        sweep(open_order_streams(redis)),
        watch(open_order_streams(redis)),
        workers(redis.client(), redis.keys().workers()),
        marks(redis.client(), redis.keys().letters()) {}
  OrderStreams feed, sweep, watch;
  RedisRegistry workers, marks;
};

SweeperSettings sweeper_settings(const Config& config) {
  SweeperSettings settings;
  settings.pay_within = config.pay_within();
  return settings;
}

class SharedDesk final : public OrderDesk {
 public:
  SharedDesk(std::unique_ptr<Providers> providers, const SharedDeskParts& parts)
      : engine_(parts.engine),
        providers_(std::move(providers)),
        addresses_(parts.accounts),
        connections_(parts.redis),
        team_({parts.config, parts.engine, parts.redis, *providers_, addresses_, parts.clock,
               count_steps(parts.metrics, parts.on_step)}),
        sweeper_(engine_.record(), connections_.sweep, parts.clock, sweeper_settings(parts.config)),
        feeder_(std::make_shared<OrderFeeder>(connections_.feed, [this] { sweeper_.hurry(); })),
        letters_({engine_.record(),
                  [&engine = engine_](Command command, std::function<void(const Answer&)> then) {
                    return ask(engine.ledger(), std::move(command), std::move(then));
                  },
                  providers_->payments(), connections_.marks, random_,
                  [feeder = feeder_](const OpenOrder& order) { feeder->put(order); }, parts.clock,
                  [&engine = engine_](ProductRef ref) -> std::optional<Currency> {
                    const auto offers = engine.catalogue().current();
                    const Offer* offer = offers->look(ref);
                    return offer == nullptr ? std::nullopt : std::optional(offer->spec->currency);
                  }}),
        fulfilment_({connections_.watch, connections_.workers, team_.beats(), letters_,
                     [&counts = engine_.counts()] { return counts.parked(); }, parts.clock}) {
    // What its buyer is to pay comes into the queue by a sweep, when it was begun and its time is over.
    if (parts.config.buyers_pay()) return;
    engine_.on_committed([feeder = feeder_](const RecordedBatch& batch) { feeder->sold(batch); });
  }

  ~SharedDesk() override {
    stop(std::chrono::nanoseconds(0));
    engine_.stop();
  }

  void start() override {
    providers_->start();
    team_.start();
    feeder_->start();
    sweeper_.start();
    fulfilment_.start();
  }

  void stop(std::chrono::nanoseconds patience) override {
    letters_.stop();
    team_.stop(patience);
    feeder_->stop();
    sweeper_.stop();
    fulfilment_.stop();
    providers_->stop();
  }

  [[nodiscard]] FulfilmentDesk& fulfilment() override { return fulfilment_; }
  [[nodiscard]] Invoices& invoices() override { return providers_->invoices(); }
  [[nodiscard]] PaymentProvider& payments() override { return providers_->payments(); }
  [[nodiscard]] const PaymentNotices* notices() const override { return providers_->notices(); }
  void confirmed_here(const OpenOrder& order) override { feeder_->put(order); }

 private:
  SharedEngine& engine_;
  SecureRandom random_;  ///< The dead letters'.
  std::unique_ptr<Providers> providers_;
  AccountAddresses addresses_;
  Connections connections_;
  SharedTeam team_;
  Sweeper sweeper_;
  std::shared_ptr<OrderFeeder> feeder_;
  DeadLetters letters_;
  SharedFulfilment fulfilment_;
};

}  // namespace

Result<std::unique_ptr<OrderDesk>> open_shared_desk(SharedDeskParts parts) {
  auto providers = Providers::open(parts.config, parts.engine.folder().path(), parts.clock);
  if (!providers) return providers.error();
  return std::unique_ptr<OrderDesk>(std::make_unique<SharedDesk>(std::move(*providers), parts));
}

}  // namespace scalemart
