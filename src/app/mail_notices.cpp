#include "app/mail_notices.hpp"

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "telemetry/log.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;
using Kind = DeliveryResult::Kind;

constexpr const char* kOutlet = "mail";
constexpr std::size_t kWaitingMax = 64;

/// Greylisting wants minutes; a mail of last week is of no use to anybody.
OutletSettings settings_of_mail() {
  OutletSettings settings;
  settings.retry = {10s, 1min, 5min, 15min, 1h, 2h, 4h, 8h, 16h, 24h};
  settings.disable_after = std::chrono::hours(24 * 365 * 100);  // a mail server is never given up
  return settings;
}

std::optional<MailKind> kind_of(OrderStatus status) {
  if (status == OrderStatus::failed) return MailKind::failed;
  if (status == OrderStatus::expired) return MailKind::expired;
  if (status == OrderStatus::refunded) return MailKind::refunded;
  return std::nullopt;
}

std::string_view in_words(StatusReason reason) {
  if (reason == StatusReason::payment_declined) return "the payment was declined";
  if (reason == StatusReason::hold_expired) return "it was not paid in time";
  if (reason == StatusReason::discarded_by_admin) return "the shop could not carry it out";
  return "";
}

/// All that the mail needs, for a letter may outlive the process.
std::string body_of(const OrderFact& order) {
  return json::serialize(json::object{{"order", to_string(order.order)},
                                      {"buyer", to_string(order.buyer)},
                                      {"status", static_cast<int>(order.status)},
                                      {"reason", in_words(order.reason)},
                                      {"product_id", order.product_id},
                                      {"product_name", order.product_name},
                                      {"quantity", order.quantity},
                                      {"unit_price", order.unit_price},
                                      {"currency", order.currency.text()}});
}

std::vector<Letter> letters_of(const ShopFact& fact, const std::string& kinds) {
  const auto* order = std::get_if<OrderFact>(&fact.what);
  const auto kind = order == nullptr ? std::nullopt : kind_of(order->status);
  if (!kind || kinds.find(to_text(*kind)) == std::string::npos) return {};
  Letter letter;
  letter.type = "order." + std::string(to_text(*kind));
  letter.subject = to_string(order->order);
  letter.key = letter.subject + "_" + std::string(to_text(*kind));
  letter.sequence = fact.sequence;
  letter.at = fact.at;
  letter.body = body_of(*order);
  return {letter};
}

struct Notice {
  UserId buyer;
  MailKind kind = MailKind::failed;
  MailAbout about;
};

std::optional<Notice> read_notice(const Letter& letter) {
  boost::system::error_code fault;
  const json::value body = json::parse(letter.body, fault);
  if (fault || !body.is_object()) return std::nullopt;
  try {
    const auto order = parse_ulid<OrderId>(body.at("order").as_string());
    const auto buyer = parse_ulid<UserId>(body.at("buyer").as_string());
    const auto kind = kind_of(static_cast<OrderStatus>(body.at("status").as_int64()));
    const std::string_view currency = body.at("currency").as_string();
    if (!order || !buyer || !kind || currency.size() != 3) return std::nullopt;
    return Notice{
        *buyer,
        *kind,
        {*order, std::string(body.at("product_id").as_string()), std::string(body.at("product_name").as_string()),
         body.at("quantity").to_number<std::uint32_t>(), body.at("unit_price").to_number<MinorUnits>(),
         Currency{{currency[0], currency[1], currency[2]}}, letter.at, std::string(body.at("reason").as_string())}};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

DeliveryResult result_of(const MailResult& mail) {
  DeliveryResult result;
  result.problem = mail.detail;
  if (mail.outcome == MailOutcome::sent)
    result.kind = Kind::delivered;
  else if (mail.outcome == MailOutcome::rejected)
    result.kind = Kind::rejected;
  else
    result.kind = mail.deferred ? Kind::refused : Kind::unreachable;
  return result;
}

std::string_view word_of(Kind kind) {
  if (kind == Kind::delivered) return "delivered";
  return kind == Kind::unreachable ? "unreachable" : "refused";
}

}  // namespace

MailNotices::MailNotices(OrderDesk::Post post)
    : post_(std::move(post)), pool_(std::make_unique<IdlePool>(1, kWaitingMax)) {}

MailNotices::~MailNotices() {
  stop();
}

void MailNotices::stop() {
  pool_.reset();
}

Result<std::unique_ptr<MailNotices>> MailNotices::open(OrderDesk::Post post, const std::string& kinds, Outbox& outbox,
                                                       Metrics& metrics) {
  std::unique_ptr<MailNotices> notices(new MailNotices(std::move(post)));
  Outbox::Receiver receiver;
  receiver.settings = settings_of_mail();
  receiver.events = [kinds](const ShopFact& fact) { return letters_of(fact, kinds); };
  receiver.deliver = [self = notices.get()](const Letter& event, std::function<void(DeliveryResult)> done) {
    self->deliver(event, std::move(done));
  };
  receiver.on_attempt = [&total = metrics.notices_total](const Letter& event, const DeliveryResult& result) {
    total.at({"mail", word_of(result.kind)}).add();
    if (result.kind != Kind::delivered)
      log::warn("mail_not_sent", {{"order_id", event.subject}, {"about", event.type}, {"reason", result.problem}});
  };
  receiver.on_dead = [&total = metrics.notices_total](const Letter& event) {
    total.at({"mail", "dead"}).add();
    log::error(
        "mail_given_up",
        {{"order_id", event.subject}, {"about", event.type}, {"attempts", event.attempts}, {"reason", event.problem}});
  };
  if (auto opened = outbox.open(kOutlet, std::move(receiver)); !opened) return opened.error();
  return notices;
}

void MailNotices::deliver(const Letter& event, std::function<void(DeliveryResult)> done) {
  const auto shared = std::make_shared<std::function<void(DeliveryResult)>>(std::move(done));
  if (!pool_->run([this, event, shared] { write(event, *shared); }))
    (*shared)({Kind::unreachable, 0, "too many mails wait already", {}});
}

void MailNotices::write(const Letter& event, const std::function<void(DeliveryResult)>& done) {
  const auto notice = read_notice(event);
  if (!notice) return done({Kind::rejected, 0, "the letter cannot be read", {}});
  const auto contact = post_.addresses->contact(notice->buyer);
  if (!contact) return done({Kind::unreachable, 0, contact.error().message, {}});
  // A buyer of a load run, say. There is nobody to tell.
  if (!*contact || (*contact)->email.empty()) return done({Kind::delivered, 0, "", {}});
  const MailTemplates& templates = post_.papers.templates ? *post_.papers.templates : MailTemplates::built_in();
  post_.mailer->send(compose_mail(templates, notice->kind, notice->about, **contact, post_.papers.shop),
                     [done](const MailResult& result) { done(result_of(result)); });
}

}  // namespace scalemart
