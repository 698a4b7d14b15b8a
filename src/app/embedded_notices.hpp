#pragma once
// Webhooks of a shop on its own folder, composed.

#include <memory>

#include "app/config.hpp"
#include "app/embedded_engine.hpp"
#include "app/journal_facts.hpp"
#include "app/mail_notices.hpp"
#include "app/notice_desk.hpp"
#include "app/order_desk.hpp"
#include "app/webhook_desk.hpp"
#include "backend/embedded/outbox_store.hpp"

namespace scalemart {

/// Purpose: NoticeDesk over the journal of this process. `outbox.db` in the folder remembers how far everybody is.
class EmbeddedNotices final : public NoticeDesk {
 public:
  struct Parts {
    const Config& config;
    EmbeddedEngine& engine;
    AccountStore& accounts;
    const Clock& clock;
    Metrics& metrics;
    OrderDesk* desk;  ///< nullptr: nobody gets mail.
  };
  [[nodiscard]] static Result<std::unique_ptr<EmbeddedNotices>> open(Parts parts);
  ~EmbeddedNotices() override;
  void start() override;
  void stop() override;
  [[nodiscard]] Webhooks& webhooks() override { return *desk_; }

 private:
  explicit EmbeddedNotices(EmbeddedEngine& engine) : facts_(engine) {}

  JournalFacts facts_;
  SecureRandom outbox_random_, desk_random_;
  std::unique_ptr<EmbeddedOutboxStore> store_;
  std::unique_ptr<HttpWebhookSender> sender_;
  std::unique_ptr<MailNotices> mail_;
  std::unique_ptr<WebhookDesk> desk_;
  std::unique_ptr<Outbox> outbox_;  ///< Calls the desk.
};

}  // namespace scalemart
