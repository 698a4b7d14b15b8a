#pragma once
// Endpoints of other programs: kept among the settings of the accounts' store, served by the outbox.

#include <map>
#include <memory>
#include <mutex>

#include "app/config.hpp"
#include "backend/webhook/sender.hpp"
#include "notify/outbox.hpp"
#include "notify/webhook_event.hpp"
#include "port/account_store.hpp"
#include "port/webhooks.hpp"
#include "telemetry/metrics.hpp"

namespace scalemart {

/// The setting under which endpoints are kept. It holds their secrets.
inline constexpr std::string_view kWebhookSetting = "webhooks";

/// Purpose: port/webhooks.hpp. Concurrency: as that; the outbox calls its receivers from its own thread.
/// Lifetimes: the parts outlive it; stop the outbox and the sender first.
class WebhookDesk final : public Webhooks {
 public:
  struct Parts {
    AccountStore& accounts;
    ShopFacts& facts;
    Outbox& outbox;
    HttpWebhookSender& sender;
    const Clock& clock;
    Random& random;  ///< Not used from elsewhere.
    Metrics& metrics;
    /// Somebody should look; with the outbox's lock held, so it does not wait.
    std::function<void(const WebhookEndpoint&, const std::string& why)> tell_disabled;
  };
  /// Reads the endpoints and opens an outlet for each.
  [[nodiscard]] static Result<std::unique_ptr<WebhookDesk>> open(const Config& config, Parts parts);

  [[nodiscard]] WebhookResult<std::vector<WebhookView>> list() override;
  [[nodiscard]] WebhookResult<WebhookView> find(const std::string& id) override;
  [[nodiscard]] WebhookResult<WebhookView> create(const WebhookDraft& draft, const WebhookActor& actor) override;
  [[nodiscard]] WebhookResult<WebhookView> change(const std::string& id, const WebhookChange& change,
                                                  const WebhookActor& actor) override;
  [[nodiscard]] WebhookResult<WebhookView> rotate(const std::string& id, std::chrono::seconds grace,
                                                  const WebhookActor& actor) override;
  [[nodiscard]] WebhookResult<void> remove(const std::string& id, const WebhookActor& actor) override;
  [[nodiscard]] WebhookResult<WebhookDelivery> test(const std::string& id) override;
  [[nodiscard]] WebhookResult<std::vector<WebhookDelivery>> deliveries(const std::string& id,
                                                                       std::optional<WebhookDelivery::State> state,
                                                                       std::size_t limit) override;
  [[nodiscard]] WebhookResult<std::uint64_t> retry(const std::string& id, const std::string& key,
                                                   const WebhookActor& actor) override;

 private:
  using Endpoints = std::map<std::string, WebhookEndpoint>;

  explicit WebhookDesk(Parts parts) : parts_(std::move(parts)) {}
  [[nodiscard]] Result<void> load(const Config& config);
  [[nodiscard]] Result<void> open_outlet(const std::string& id, const std::string& disabled_if_new = {});
  void deliver(const std::string& id, const Letter& event, std::function<void(DeliveryResult)> done);
  [[nodiscard]] WebhookRequest signed_request(const WebhookEndpoint& endpoint, const WebhookMessage& message) const;
  [[nodiscard]] Endpoints endpoints() const;
  [[nodiscard]] WebhookResult<WebhookEndpoint> changeable(const std::string& id) const;
  [[nodiscard]] WebhookView view(const WebhookEndpoint& endpoint);
  [[nodiscard]] std::optional<WebhookRefusal> fault_of(const std::string& url,
                                                       const std::vector<std::string>& events) const;
  /// Stores the list with its audit entry, and then takes it.
  [[nodiscard]] WebhookResult<void> store(Endpoints next, AuditEntry audit);
  [[nodiscard]] AuditEntry entry(const WebhookActor& actor, std::string what, const std::string& id) const;
  void count_endpoints();

  Parts parts_;
  std::mutex admin_mutex_;              ///< One change at a time; held while the store is waited for.
  mutable std::mutex endpoints_mutex_;  ///< Guards endpoints_; nothing is called while it is held.
  Endpoints endpoints_;
  std::shared_ptr<void> counting_;  ///< Sets the gauges before each scrape.
};

/// What is wrong with a setting of webhooks, or nothing.
[[nodiscard]] std::optional<std::string> fault_of_webhook_setting(std::string_view variable, std::string_view value);

/// "5s,5m,2h": pauses between the tries of an event. An error says what is wrong.
[[nodiscard]] Result<std::vector<std::chrono::milliseconds>> parse_retries(std::string_view text);

}  // namespace scalemart
