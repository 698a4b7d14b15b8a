#pragma once
// The configuration of one process, as typed values. app/settings.cpp holds the one table that names, parses,
// bounds, prints and documents every field; docs/configuration.md is generated from it.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "fulfilment/concurrency.hpp"
#include "telemetry/log.hpp"

namespace scalemart {

/// host:port. The host is an address or "localhost"; IPv6 without its brackets.
struct ListenAddress {
  std::string host = "127.0.0.1";
  std::uint16_t port = 3000;
  bool operator==(const ListenAddress&) const = default;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool is_loopback() const;
};

/// The error says what is allowed.
[[nodiscard]] Result<ListenAddress> parse_listen(std::string_view text);

struct Config {
  // Serving
  ListenAddress listen;
  std::uint32_t threads = 0;  ///< Event loops; 0: one a core.
  std::uint32_t connections_max = 0;
  std::uint32_t connections_per_address = 0;
  std::uint32_t viewers_max = 0;  ///< Live streams, of connections_max.
  std::uint64_t body_max = 0;     ///< Bytes.
  std::uint64_t header_max = 0;   ///< Bytes.
  std::chrono::milliseconds request_deadline{};
  std::chrono::milliseconds header_timeout{};
  std::chrono::milliseconds idle_timeout{};
  std::chrono::milliseconds drain_delay{};
  std::chrono::milliseconds drain_timeout{};
  std::filesystem::path tls_cert, tls_key;  ///< Both or neither.
  std::string trusted_proxies;              ///< CIDRs, comma separated; parse_networks() accepts it.
  std::string operator_network;             ///< CIDRs; may be empty: administrators only.
  std::vector<std::string> cors_origins;
  std::string shop_name;
  std::filesystem::path pages;  ///< Empty: the embedded ones.

  // Store
  std::filesystem::path data;
  std::string database;
  std::string redis;  ///< Empty: none. Goes with a shared database.
  std::uint32_t database_copies = 0;
  std::uint32_t partitions = 0;
  /// The shop is shared with other processes; otherwise this one has it to itself.
  [[nodiscard]] bool is_shared() const { return database != "embedded:"; }
  std::chrono::microseconds commit_window{};
  std::uint32_t commit_batch_max = 0;
  std::uint32_t queue_max = 0;
  std::uint64_t disk_reserve = 0;  ///< Bytes kept for releases.
  std::chrono::milliseconds hold{};

  // Accounts
  std::string admin_email, admin_password;  ///< Both or neither.
  std::string jwt_secret;                   ///< Empty: made once, kept in the data folder.
  std::chrono::milliseconds access_ttl{}, refresh_ttl{};
  std::uint32_t password_threads = 0;

  // Rate limits: `N/period[,burst=B]` or `off`
  std::string rate_limit_flash_buy, rate_limit_login, rate_limit_register, rate_limit_default;

  // Fulfilment
  std::uint32_t workers = 0;
  Concurrency worker_concurrency;  ///< Of each worker.
  std::chrono::milliseconds worker_lease{};
  std::string metrics_listen;  ///< Of `scalemart worker`; empty: none.
  std::string payment;
  std::string payment_mode;  ///< "automatic" or "buyer".
  std::string stripe_key, stripe_publishable_key;
  std::string stripe_webhook_secret;  ///< Several, comma separated, while one is exchanged.
  std::chrono::milliseconds stripe_webhook_tolerance{};
  [[nodiscard]] bool buyers_pay() const;
  /// How long after it was accepted a worker leaves an order to its buyer: pending ones have expired by then. Zero:
  /// they are charged at once.
  [[nodiscard]] std::chrono::milliseconds pay_within() const {
    return buyers_pay() ? hold + std::chrono::seconds(2) : std::chrono::milliseconds(0);
  }
  std::string smtp;  ///< Empty: mails are files.
  std::string smtp_user, smtp_password, smtp_from;
  std::filesystem::path smtp_ca;
  std::filesystem::path mail_templates;  ///< Empty: the program's own.
  std::string mail_notices;

  // Webhooks
  std::string webhook_url;  ///< Empty: none by configuration.
  std::string webhook_secret, webhook_events;
  std::string webhook_retry;
  std::chrono::milliseconds webhook_disable_after{};
  std::string webhook_allow_private;  ///< Networks.
  std::filesystem::path webhook_ca;

  log::Level log = log::Level::info;

  /// Where each value came from, by variable: "default", "file PATH", "environment", "flag".
  std::map<std::string, std::string, std::less<>> origins;
  /// Things that are odd but do not stop a start, one sentence each.
  std::vector<std::string> warnings;
};

/// What configuration is read from. Lookups return nothing for what is not set.
struct ConfigSources {
  std::function<std::optional<std::string>(std::string_view variable)> environment;
  std::vector<std::string> environment_names;             ///< All that begin with SCALEMART_.
  std::map<std::string, std::string, std::less<>> flags;  ///< By variable.
  std::optional<std::filesystem::path> file;              ///< Overrides SCALEMART_CONFIG.
  /// A service manager's folder with a file scalemart_NAME for each secret that it hands over.
  std::optional<std::filesystem::path> credentials;
  std::uint64_t fd_limit = 0;  ///< The hard limit of open files; 0: unknown or none.
  /// See Programs::check_setting.
  std::function<std::optional<std::string>(std::string_view variable, std::string_view value)> check;
};

/// The process's environment and limits.
[[nodiscard]] ConfigSources sources_of_process();

/// Defaults, then the TOML file, then credentials, then the environment, then flags; then bounds and what must fit
/// together. The error is one line that names the variable, what was wrong and what is allowed.
[[nodiscard]] Result<Config> load_config(const ConfigSources& sources);

}  // namespace scalemart
