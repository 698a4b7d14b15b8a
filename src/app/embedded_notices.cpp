#include "app/embedded_notices.hpp"

#include <algorithm>

#include "telemetry/log.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kStormBuys = 256;  ///< So many wait in front of the ledger,
constexpr double kStormRecords = 5000;   ///< or so many come in a second: others are told a little later.
constexpr std::chrono::nanoseconds kStormPatience = 1s;

/// Whether the machine is needed for the sale alone. Even then the journal is read once a second.
class Storm {
 public:
  Storm(const EmbeddedEngine& engine, const Clock& clock) : engine_(engine), clock_(clock) {}

  [[nodiscard]] bool is_on() {
    const EngineLoad load = engine_.load();
    const SteadyTime now = clock_.steady();
    const double seconds = std::chrono::duration<double>(now - looked_).count();
    const bool is_fast =
        static_cast<double>(load.sequence - std::min(sequence_, load.sequence)) > kStormRecords * seconds;
    looked_ = now;
    sequence_ = load.sequence;
    if ((!is_fast && load.buys < kStormBuys) || now - read_ >= kStormPatience) {
      read_ = now;
      return false;
    }
    return true;
  }

 private:
  const EmbeddedEngine& engine_;
  const Clock& clock_;
  SteadyTime looked_{}, read_{};
  Sequence sequence_ = 0;
};

/// Tells the administrator of the configuration that an endpoint was disabled; nothing when there is none.
std::function<void(const WebhookEndpoint&, const std::string&)> mail_to_admin(
    const Config& config, const std::optional<OrderDesk::Post>& post, const Clock& clock) {
  if (!post || config.admin_email.empty()) return {};
  return [&clock, to = config.admin_email, shop = config.shop_name, mailer = post->mailer](
             const WebhookEndpoint& endpoint, const std::string& why) {
    Mail mail;
    mail.order = parse_ulid<OrderId>(endpoint.id).value_or(OrderId{});  // only names the message
    mail.kind = "webhook-disabled";
    mail.to = to;
    mail.date = clock.wall();
    mail.subject = shop + ": a webhook was disabled";
    mail.text = "Nothing is sent any more to\n\n  " + endpoint.url.substr(0, endpoint.url.find('?')) +
                "\n\nbecause: " + why + "\n\nNothing is lost. When it works again:\n\n  scalemart webhook test " +
                endpoint.id + "\n  scalemart webhook enable " + endpoint.id + "\n";
    mailer->send(std::move(mail), [](const MailResult& result) {
      if (result.outcome != MailOutcome::sent) log::warn("mail_not_sent", {{"reason", result.detail}});
    });
  };
}

}  // namespace

Result<std::unique_ptr<EmbeddedNotices>> EmbeddedNotices::open(Parts parts) {
  const Config& config = parts.config;
  std::unique_ptr<EmbeddedNotices> notices(new EmbeddedNotices(parts.engine));
  auto store = EmbeddedOutboxStore::open(parts.engine.folder().file("outbox.db"));
  if (!store)
    return error(store.error().message + "; move it away; then webhooks are disabled until they are enabled again");
  notices->store_ = std::move(*store);

  Outbox::Options options;
  const auto retries = parse_retries(config.webhook_retry);
  if (!retries) return error("SCALEMART_WEBHOOK_RETRY: " + retries.error().message);
  options.outlet.retry = *retries;
  options.outlet.disable_after = config.webhook_disable_after;
  options.is_busy = [storm = std::make_shared<Storm>(parts.engine, parts.clock)] { return storm->is_on(); };
  options.has_room = [&engine = parts.engine] { return engine.has_room_for_buys(); };
  options.on_note = [](const std::string& line) { log::warn("outbox", {{"note", line}}); };
  notices->outbox_ = std::make_unique<Outbox>(notices->facts_, *notices->store_, parts.clock, notices->outbox_random_,
                                              std::move(options));

  const auto post = parts.desk == nullptr ? std::nullopt : parts.desk->post();
  if (post && config.mail_notices != "none") {
    auto mail = MailNotices::open(*post, config.mail_notices, *notices->outbox_, parts.metrics);
    if (!mail) return mail.error();
    notices->mail_ = std::move(*mail);
  }

  WebhookSenderSettings sending;
  auto networks = parse_networks(config.webhook_allow_private);
  if (!networks) return error("SCALEMART_WEBHOOK_ALLOW_PRIVATE: " + networks.error().message);
  sending.allow_private = std::move(*networks);
  sending.ca = config.webhook_ca;
  notices->sender_ = std::make_unique<HttpWebhookSender>(std::move(sending));

  auto desk =
      WebhookDesk::open(config, {parts.accounts, notices->facts_, *notices->outbox_, *notices->sender_, parts.clock,
                                 notices->desk_random_, parts.metrics, mail_to_admin(config, post, parts.clock)});
  if (!desk) return desk.error();
  notices->desk_ = std::move(*desk);
  return notices;
}

void EmbeddedNotices::start() {
  outbox_->start();
}

void EmbeddedNotices::stop() {
  outbox_->stop();
  sender_->stop();
  if (mail_) mail_->stop();
}

EmbeddedNotices::~EmbeddedNotices() {
  if (outbox_) outbox_->stop();
  if (sender_) sender_->stop();
  if (mail_) mail_->stop();
}

}  // namespace scalemart
