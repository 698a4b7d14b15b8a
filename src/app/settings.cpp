#include "app/settings.hpp"

#include <algorithm>
#include <array>

#include "base/ip_address.hpp"
#include "domain/mail_address.hpp"

namespace scalemart {
namespace {

using Fault = std::optional<std::string>;

constexpr std::int64_t kSecond = 1'000;  // settings of time are in milliseconds, save the commit window
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::int64_t kGiB = 1024 * kMiB;

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Fault check_shop_name(std::string_view value) {
  if (!value.empty() && value.size() <= 100 && !has_control(value)) return {};
  return "1 to 100 bytes without control characters";
}
Fault check_data(std::string_view value) {
  if (!value.empty()) return {};
  return "a folder";
}
Fault check_database(std::string_view value) {
  if (value == "embedded:") return {};
  for (const std::string_view scheme : {"postgresql://", "postgres://", "mongodb://", "mongodb+srv://"})
    if (value.starts_with(scheme) && value.size() > scheme.size()) return {};
  return "embedded:, postgresql://user:password@host/database or mongodb://user:password@host/database";
}
Fault check_redis(std::string_view value) {
  if (value.empty()) return {};
  for (const std::string_view scheme :
       {"redis://", "rediss://", "redis+sentinel://", "rediss+sentinel://", "redis+cluster://", "rediss+cluster://"})
    if (value.starts_with(scheme) && value.size() > scheme.size()) return {};
  return "redis://host, redis+sentinel://h1,h2,h3/master or redis+cluster://h1,h2";
}
Fault check_email(std::string_view value) {
  if (value.empty() || is_mail_address(value)) return {};
  return "an e-mail address";
}
Fault check_password(std::string_view value) {
  if (value.empty() || (value.size() >= 8 && value.size() <= 512)) return {};
  return "8 to 128 characters";
}
Fault check_secret(std::string_view value) {
  if (value.empty() || value.size() >= 32) return {};
  return "at least 32 bytes, e.g. from: openssl rand -base64 48";
}
Fault check_networks(std::string_view value) {
  if (parse_networks(value)) return {};
  return "networks such as 10.0.0.0/8, 2001:db8::/32, comma separated";
}
Fault check_optional_listen(std::string_view value) {
  if (value.empty()) return {};
  const auto parsed = parse_listen(value);
  return parsed ? Fault() : parsed.error().message;
}
Fault check_smtp(std::string_view value) {
  if (value.empty() || (value.starts_with("smtp://") && value.size() > 7) ||
      (value.starts_with("smtps://") && value.size() > 8)) {
    return {};
  }
  return "smtp://host:port or smtps://host:port, with ?tls=required, opportunistic or off after smtp://";
}
Fault check_mail_notices(std::string_view value) {
  if (value == "none") return {};
  bool all = !value.empty();
  for (std::size_t at = 0; at <= value.size();) {
    const auto comma = std::min(value.find(',', at), value.size());
    const std::string_view word = value.substr(at, comma - at);
    all = all && (word == "failed" || word == "expired" || word == "refunded");
    at = comma + 1;
  }
  if (all) return {};
  return "failed, expired and refunded, comma separated, or none";
}
Fault check_origin(std::string_view value) {
  const bool scheme = value.starts_with("http://") || value.starts_with("https://");
  const auto host = value.find("://") + 3;
  if (scheme && host < value.size() && value.find('/', host) == std::string_view::npos &&
      value.find_first_of(" \t\"*") == std::string_view::npos) {
    return {};
  }
  return "origins such as https://shop.example, comma separated (no *)";
}
Fault check_payment(std::string_view value) {
  if (value.starts_with("simulated:") || value.starts_with("stripe:")) return {};
  return "simulated:?latency=2s&decline=0% or stripe:";
}
Fault check_payment_mode(std::string_view value) {
  if (value == "automatic" || value == "buyer") return {};
  return "automatic or buyer";
}
Fault check_header_value(std::string_view value) {
  if (std::all_of(value.begin(), value.end(), [](char c) { return c > 0x20 && c < 0x7f; })) return {};
  return "printable characters without blanks";
}

using C = Config;
constexpr std::int64_t kNoMax = std::numeric_limits<std::int64_t>::max();

const std::array kSettings{
    // group, name, field, default, help, min, max, mask, check
    Setting{"Serving", "LISTEN", &C::listen, "127.0.0.1:3000",
            "Address of the API, the pages and the operations routes."},
    Setting{"Serving", "SHOP_NAME", &C::shop_name, "ScaleMart", "What invoices, mails and pages call the shop.", 0,
            kNoMax, Mask::none, check_shop_name},
    Setting{"Serving", "PAGES", &C::pages, "",
            "Folder with pages of your own, index.html first of all; when empty the program's. Read at the start."},
    Setting{"Serving", "THREADS", &C::threads, "0", "Event loops; 0 is one for each core.", 0, 256},
    Setting{"Serving", "CONNECTIONS_MAX", &C::connections_max, "20000", "Client connections at one time.", 16,
            1'000'000},
    Setting{"Serving", "CONNECTIONS_PER_ADDRESS", &C::connections_per_address, "512",
            "Of these, from one address (IPv6: one /64). Not applied to loopback and trusted proxies.", 1, 1'000'000},
    Setting{"Serving", "VIEWERS_MAX", &C::viewers_max, "15000",
            "Live streams (SSE) at one time; they count as connections.", 0, 1'000'000},
    Setting{"Serving", "TRUSTED_PROXIES", &C::trusted_proxies, "",
            "Networks whose word about the client's address is believed.", 0, kNoMax, Mask::none, check_networks},
    Setting{"Serving", "OPERATOR_NETWORK", &C::operator_network, "127.0.0.0/8,::1",
            "Networks that may read /metrics without being an administrator.", 0, kNoMax, Mask::none, check_networks},
    Setting{"Serving", "CORS_ORIGINS", &C::cors_origins, "", "Origins whose pages may call the API from a browser.", 0,
            32, Mask::none, check_origin},
    Setting{"Serving", "BODY_MAX", &C::body_max, "64KiB", "Largest request body.", kKiB, 16 * kMiB},
    Setting{"Serving", "HEADER_MAX", &C::header_max, "16KiB", "Largest request head.", kKiB, 256 * kKiB},
    Setting{"Serving", "REQUEST_DEADLINE", &C::request_deadline, "2s",
            "A buy that waited longer than this is refused with 503, untouched.", 10, kMinute},
    Setting{"Serving", "HEADER_TIMEOUT", &C::header_timeout, "10s",
            "Time for a whole request head to arrive; its body may take half as long again.", 100, 10 * kMinute},
    Setting{"Serving", "IDLE_TIMEOUT", &C::idle_timeout, "75s", "A connection that is silent this long is closed.", 100,
            kHour},
    Setting{"Serving", "DRAIN_DELAY", &C::drain_delay, "0",
            "On SIGTERM: how long /readyz says 503 before connections are refused, for balancers to notice.", 0,
            5 * kMinute},
    Setting{"Serving", "DRAIN_TIMEOUT", &C::drain_timeout, "7s",
            "On SIGTERM: how long open requests may take to finish.", 100, 10 * kMinute},
    Setting{"Serving", "TLS_CERT", &C::tls_cert, "",
            "Certificate chain (PEM); read again on SIGHUP. Goes with TLS_KEY."},
    Setting{"Serving", "TLS_KEY", &C::tls_key, "", "Private key (PEM); read again on SIGHUP. Goes with TLS_CERT."},

    Setting{"Store", "DATA", &C::data, "./data", "Folder of the embedded store, keys, invoices and mails.", 0, kNoMax,
            Mask::none, check_data},
    Setting{"Store", "DATABASE", &C::database,
            "embedded:", "The system of record: this process's own, or one that several processes share.", 0, kNoMax,
            Mask::credentials, check_database},
    Setting{"Store", "REDIS", &C::redis, "",
            "Filter, order queue, rate limits and live updates of a shared shop. Goes with a shared DATABASE.", 0,
            kNoMax, Mask::credentials, check_redis},
    Setting{"Store", "DATABASE_COPIES", &C::database_copies, "1",
            "A shared database: servers that must have a yes before it is said. 2 refuses to start without a "
            "synchronous standby (PostgreSQL) or a replica set whose majority that is (MongoDB).",
            1, 7},
    Setting{"Store", "PARTITIONS", &C::partitions, "8",
            "A shared shop: into how many parts products are dealt out. The same in all its processes.", 1, 64},
    Setting{"Store", "COMMIT_WINDOW", &C::commit_window, "2ms",
            "Longest wait for more buys before a batch is made durable; 0 never waits.", 0, 50'000},
    Setting{"Store", "COMMIT_BATCH_MAX", &C::commit_batch_max, "4096", "Most commands in one durable batch.", 1,
            65'536},
    Setting{"Store", "QUEUE_MAX", &C::queue_max, "16384",
            "Buys that may wait for a decision; more are refused with 503.", 16, 1'000'000},
    Setting{"Store", "DISK_RESERVE", &C::disk_reserve, "64MiB",
            "Below this much free space buys are refused and only releases are written.", kMiB, 64 * kGiB},
    Setting{"Store", "HOLD", &C::hold, "10m", "How long an unpaid order keeps its stock.", kSecond, 30 * kDay},

    Setting{"Accounts", "ADMIN_EMAIL", &C::admin_email, "", "Creates this administrator at start when missing.", 0,
            kNoMax, Mask::none, check_email},
    Setting{"Accounts", "ADMIN_PASSWORD", &C::admin_password, "", "Password of that administrator.", 0, kNoMax,
            Mask::secret, check_password},
    Setting{"Accounts", "JWT_SECRET", &C::jwt_secret, "",
            "Signs access tokens. When empty one is made once and kept in the data folder with mode 0600. A shared "
            "shop needs "
            "it, the same in all its processes.",
            0, kNoMax, Mask::secret, check_secret},
    Setting{"Accounts", "ACCESS_TTL", &C::access_ttl, "15m", "How long an access token is good for.", kMinute, kDay},
    Setting{"Accounts", "REFRESH_TTL", &C::refresh_ttl, "30d", "How long a login lasts without use.", kHour,
            365 * kDay},
    Setting{"Accounts", "PASSWORD_THREADS", &C::password_threads, "1", "Threads that hash passwords.", 1, 64},

    Setting{"Rate limits", "RATE_LIMIT_FLASH_BUY", &C::rate_limit_flash_buy, "10/60s", "Buys, per user."},
    Setting{"Rate limits", "RATE_LIMIT_LOGIN", &C::rate_limit_login, "10/60s", "Logins, per account and per address."},
    Setting{"Rate limits", "RATE_LIMIT_REGISTER", &C::rate_limit_register, "120/60s", "Registrations, per address."},
    Setting{"Rate limits", "RATE_LIMIT_DEFAULT", &C::rate_limit_default, "60000/60s,burst=10000",
            "Every other route, per address."},

    Setting{"Fulfilment", "WORKERS", &C::workers, "1",
            "Workers inside `serve`; 0 leaves fulfilment to `scalemart worker`.", 0, 64},
    Setting{"Fulfilment", "WORKER_CONCURRENCY", &C::worker_concurrency, "10000",
            "Orders one worker has in hand at a time; MIN..MAX: it finds its own number between these. Also "
            "--concurrency."},
    Setting{"Fulfilment", "WORKER_LEASE", &C::worker_lease, "30s",
            "A worker that is silent for so long has lost its orders to others.", 2 * kSecond, 10 * kMinute},
    Setting{"Fulfilment", "METRICS_LISTEN", &C::metrics_listen, "",
            "Where `scalemart worker` answers /metrics, /healthz and /readyz; when empty nowhere.", 0, kNoMax,
            Mask::none, check_optional_listen},
    Setting{"Fulfilment", "PAYMENT", &C::payment, "simulated:?latency=2s&decline=0%", "Who takes the money.", 0, kNoMax,
            Mask::credentials, check_payment},
    Setting{
        "Fulfilment", "PAYMENT_MODE", &C::payment_mode, "automatic",
        "automatic: every order is charged at once. buyer: an order waits for its buyer to pay, for as long as HOLD; "
        "the same in all processes.",
        0, kNoMax, Mask::none, check_payment_mode},
    Setting{"Fulfilment", "STRIPE_KEY", &C::stripe_key, "", "Secret key for PAYMENT=stripe:.", 0, kNoMax, Mask::secret,
            check_header_value},
    Setting{"Fulfilment", "STRIPE_PUBLISHABLE_KEY", &C::stripe_publishable_key, "",
            "Handed to buyers' pages with a payment.", 0, kNoMax, Mask::none, check_header_value},
    Setting{"Fulfilment", "STRIPE_WEBHOOK_SECRET", &C::stripe_webhook_secret, "",
            "Signs what Stripe tells; several, comma separated, while one is exchanged.", 0, kNoMax, Mask::secret,
            check_header_value},
    Setting{"Fulfilment", "STRIPE_WEBHOOK_TOLERANCE", &C::stripe_webhook_tolerance, "5m",
            "How far the time of such a signature may be from ours.", kSecond, kHour},
    Setting{"Fulfilment", "SMTP", &C::smtp, "",
            "Mail server, smtp://host:port. When empty mails are files in the data folder.", 0, kNoMax,
            Mask::credentials, check_smtp},
    Setting{"Fulfilment", "SMTP_USER", &C::smtp_user, "", "Name at the mail server. Goes with SMTP_PASSWORD."},
    Setting{"Fulfilment", "SMTP_PASSWORD", &C::smtp_password, "", "Password at the mail server.", 0, kNoMax,
            Mask::secret},
    Setting{"Fulfilment", "SMTP_FROM", &C::smtp_from, "orders@scalemart.invalid", "Sender of mails.", 0, kNoMax,
            Mask::none, check_email},
    Setting{"Fulfilment", "SMTP_CA", &C::smtp_ca, "",
            "Certificates (PEM) that are believed of the mail server instead of the system's."},
    Setting{"Fulfilment", "MAIL_TEMPLATES", &C::mail_templates, "",
            "Folder with texts of your own for mails: confirmed.txt, confirmed.html, ... Read at the start."},
    Setting{"Fulfilment", "MAIL_NOTICES", &C::mail_notices, "failed,expired,refunded",
            "Of which ends of an order buyers get a mail, besides the confirmation; or none.", 0, kNoMax, Mask::none,
            check_mail_notices},

    Setting{"Webhooks", "WEBHOOK_URL", &C::webhook_url, "",
            "Is told of orders and stock, besides the endpoints managed at run time. Goes with WEBHOOK_SECRET."},
    Setting{"Webhooks", "WEBHOOK_SECRET", &C::webhook_secret, "",
            "Signs what WEBHOOK_URL is told: whsec_ and the base 64 of 24 to 64 bytes.", 0, kNoMax, Mask::secret},
    Setting{"Webhooks", "WEBHOOK_EVENTS", &C::webhook_events, "*",
            "What WEBHOOK_URL is told, comma separated: order.confirmed, stock.*, ..."},
    Setting{"Webhooks", "WEBHOOK_RETRY", &C::webhook_retry, "5s,5m,30m,2h,5h,10h,14h,20h,24h",
            "Pauses between the tries of an event that is refused; after the last it is given up."},
    Setting{"Webhooks", "WEBHOOK_DISABLE_AFTER", &C::webhook_disable_after, "5d",
            "An endpoint that has taken nothing for so long is disabled.", kSecond, 365 * kDay},
    Setting{"Webhooks", "WEBHOOK_ALLOW_PRIVATE", &C::webhook_allow_private, "",
            "Networks that are not public and may be told all the same, http:// included, comma separated.", 0, kNoMax,
            Mask::none, check_networks},
    Setting{"Webhooks", "WEBHOOK_CA", &C::webhook_ca, "",
            "Certificates (PEM) that are believed of endpoints instead of the system's."},

    Setting{"Operations", "LOG", &C::log, "info", "Least level that is written, as JSON lines on stderr."},
};

}  // namespace

std::span<const Setting> settings() {
  return kSettings;
}

const Setting* find_setting(std::string_view name) {
  const auto found = std::find_if(kSettings.begin(), kSettings.end(), [&](const Setting& s) {
    return s.variable() == name || s.flag() == name || s.key() == name;
  });
  return found == kSettings.end() ? nullptr : &*found;
}

}  // namespace scalemart
