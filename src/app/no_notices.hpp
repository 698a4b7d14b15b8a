#pragma once
// A shop that tells nobody.

#include "app/notice_desk.hpp"

namespace scalemart {

/// Of a shop that processes share: its records have no one order in which several gateways could tell of them.
class NoNotices final : public NoticeDesk, private Webhooks {
 public:
  void start() override {}
  void stop() override {}
  [[nodiscard]] Webhooks& webhooks() override { return *this; }

 private:
  static WebhookRefusal refusal() {
    return {WebhookRefusal::Kind::conflict,
            "A shared shop (SCALEMART_DATABASE) sends no webhooks; an embedded one does."};
  }
  [[nodiscard]] WebhookResult<std::vector<WebhookView>> list() override { return refusal(); }
  [[nodiscard]] WebhookResult<WebhookView> find(const std::string&) override { return refusal(); }
  [[nodiscard]] WebhookResult<WebhookView> create(const WebhookDraft&, const WebhookActor&) override {
    return refusal();
  }
  [[nodiscard]] WebhookResult<WebhookView> change(const std::string&, const WebhookChange&,
                                                  const WebhookActor&) override {
    return refusal();
  }
  [[nodiscard]] WebhookResult<WebhookView> rotate(const std::string&, std::chrono::seconds,
                                                  const WebhookActor&) override {
    return refusal();
  }
  [[nodiscard]] WebhookResult<void> remove(const std::string&, const WebhookActor&) override { return refusal(); }
  [[nodiscard]] WebhookResult<WebhookDelivery> test(const std::string&) override { return refusal(); }
  [[nodiscard]] WebhookResult<std::vector<WebhookDelivery>> deliveries(const std::string&,
                                                                       std::optional<WebhookDelivery::State>,
                                                                       std::size_t) override {
    return refusal();
  }
  [[nodiscard]] WebhookResult<std::uint64_t> retry(const std::string&, const std::string&,
                                                   const WebhookActor&) override {
    return refusal();
  }
};

}  // namespace scalemart
