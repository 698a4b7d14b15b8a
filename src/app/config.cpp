#include "app/config.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <numeric>

#include "app/config_file.hpp"
#include "app/settings.hpp"
#include "telemetry/redact.hpp"

namespace scalemart {
namespace {

using Fault = std::optional<std::string>;

// Levenshtein; the names are short.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row.back();
}

template <class Spell>
std::string suggestion(std::string_view wrong, Spell spell) {
  std::string best;
  std::size_t nearest = 4;
  for (const Setting& setting : settings()) {
    const std::string name = spell(setting);
    if (const auto d = distance(wrong, name); d < nearest) {
      nearest = d;
      best = name;
    }
  }
  return best.empty() ? "" : "; did you mean " + best + "?";
}

// One value from one source. Names the setting the way that source spells it.
Result<void> take(Config& config, const Setting& setting, std::string_view text, const std::string& origin,
                  const std::string& named) {
  if (auto fault = setting.assign(config, text)) return error(named + ": " + *fault);
  config.origins[setting.variable()] = origin;
  return {};
}

Result<void> take_file(Config& config, const std::filesystem::path& path) {
  auto values = read_config_file(path);
  if (!values) return error("SCALEMART_CONFIG: " + values.error().message);
  for (const auto& [key, text] : *values) {
    const Setting* setting = find_setting(key);
    if (setting == nullptr || setting->key() != key) {
      return error(path.string() + ": " + key + " is not a setting" +
                   suggestion(key, [](const Setting& s) { return s.key(); }));
    }
    const std::string named = setting->variable() + " (" + key + " in " + path.string() + ")";
    if (auto done = take(config, *setting, text, "file " + path.string(), named); !done) return done;
  }
  return {};
}

Result<std::string> read_secret_file(const std::string& variable, const std::string& path) {
  constexpr std::size_t kMax = 64 * 1024;
  std::ifstream in(path, std::ios::binary);
  std::string text(kMax, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (!in.eof() && in.fail()) || in.gcount() == 0) {
    return error(variable + ": the file \"" + path + "\" is empty or cannot be read");
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

// systemd's LoadCredential=scalemart:FOLDER makes scalemart_NAME of each file NAME in it. Others' files are not ours to
// judge.
Result<void> take_credentials(Config& config, const std::filesystem::path& folder) {
  constexpr std::string_view kPrefix = "scalemart_";
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix)) continue;
    const std::string key = name.substr(kPrefix.size());
    const Setting* setting = find_setting(key);
    if (setting == nullptr || setting->key() != key || setting->mask == Mask::none) {
      return error("CREDENTIALS_DIRECTORY: " + key + " is not a setting that may hold a secret" +
                   suggestion(key, [](const Setting& s) { return s.mask == Mask::none ? "" : s.key(); }));
    }
    const std::string named = setting->variable() + " (credential " + key + ")";
    auto text = read_secret_file(named, entry.path().string());
    if (!text) return text.error();
    if (auto done = take(config, *setting, *text, "credential " + key, named); !done) return done;
  }
  if (failed) return error("CREDENTIALS_DIRECTORY: " + folder.string() + ": " + failed.message());
  return {};
}

// NAME and, for what may hold a secret, NAME_FILE; an empty variable is as good as none.
template <class Lookup>
Result<void> take_named(Config& config, const Setting& setting, const Lookup& lookup, const std::string& origin) {
  const std::string variable = setting.variable();
  const auto direct = lookup(variable);
  if (setting.mask != Mask::none) {
    const auto file = lookup(variable + "_FILE");
    if (file && !file->empty()) {
      if (direct && !direct->empty())
        return error(variable + " and " + variable + "_FILE are both set; allowed is one");
      auto text = read_secret_file(variable + "_FILE", *file);
      if (!text) return text.error();
      return take(config, setting, *text, origin + ", file " + *file, variable + "_FILE");
    }
  }
  if (!direct || (direct->empty() && !setting.fallback.empty())) return {};
  return take(config, setting, *direct, origin, variable);
}

void warn_of_unknown(Config& config, const std::vector<std::string>& names) {
  static constexpr std::string_view kOurs[] = {"SCALEMART_CONFIG", "SCALEMART_REQUIRE_ALL"};
  for (const std::string& name : names) {
    if (name.starts_with("SCALEMART_SIM_")) continue;
    if (std::find(std::begin(kOurs), std::end(kOurs), name) != std::end(kOurs)) continue;
    const bool file = name.ends_with("_FILE");
    const Setting* setting = find_setting(file ? std::string_view(name).substr(0, name.size() - 5) : name);
    if (setting != nullptr && (!file || setting->mask != Mask::none)) continue;
    config.warnings.push_back(name + " is not a setting" +
                              suggestion(name, [](const Setting& s) { return s.variable(); }));
  }
}

// Defaults give way to a small machine; what somebody chose does not.
void fit_defaults(Config& config, std::uint64_t fd_limit) {
  const auto is_default = [&](const char* variable) { return config.origins[variable] == "default"; };
  if (fd_limit > 512 && config.connections_max + 256 > fd_limit && is_default("SCALEMART_CONNECTIONS_MAX")) {
    config.connections_max = static_cast<std::uint32_t>(fd_limit - 256);
    config.warnings.push_back("SCALEMART_CONNECTIONS_MAX is " + std::to_string(config.connections_max) +
                              " because the limit of open files is " + std::to_string(fd_limit));
  }
  if (config.viewers_max >= config.connections_max && is_default("SCALEMART_VIEWERS_MAX")) {
    config.viewers_max = config.connections_max / 4 * 3;
  }
}

void warn_of_exposure(Config& config) {
  if (config.listen.is_loopback()) return;
  if (config.tls_cert.empty() && config.trusted_proxies.empty()) {
    config.warnings.push_back(
        "SCALEMART_LISTEN is open to the network without TLS; set SCALEMART_TLS_CERT and "
        "SCALEMART_TLS_KEY, or put a proxy in front and name it in SCALEMART_TRUSTED_PROXIES");
  }
  if (config.payment.starts_with("simulated:")) {
    config.warnings.push_back("SCALEMART_PAYMENT is simulated: orders are confirmed and nobody pays");
  }
}

std::uint64_t hard_fd_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) return 0;
  return limit.rlim_max;
}

}  // namespace

std::optional<std::string> check_together(const Config& c, std::uint64_t fd_limit) {
  if (c.tls_cert.empty() != c.tls_key.empty()) {
    return "SCALEMART_TLS_CERT and SCALEMART_TLS_KEY: only one is set; allowed is both or neither";
  }
  if (c.admin_email.empty() != c.admin_password.empty()) {
    return "SCALEMART_ADMIN_EMAIL and SCALEMART_ADMIN_PASSWORD: only one is set; allowed is both or neither";
  }
  if (c.smtp_user.empty() != c.smtp_password.empty()) {
    return "SCALEMART_SMTP_USER and SCALEMART_SMTP_PASSWORD: only one is set; allowed is both or neither";
  }
  if (c.webhook_url.empty() != c.webhook_secret.empty()) {
    return "SCALEMART_WEBHOOK_URL and SCALEMART_WEBHOOK_SECRET: only one is set; allowed is both or neither";
  }
  if (!c.webhook_url.empty() && c.is_shared()) {
    return "SCALEMART_WEBHOOK_URL: a shared shop (SCALEMART_DATABASE) sends no webhooks; allowed is an embedded one";
  }
  if (c.payment.starts_with("stripe:")) {
    if (c.stripe_key.empty())
      return "SCALEMART_STRIPE_KEY: SCALEMART_PAYMENT=stripe: needs it; allowed is the secret key of the account";
    if (c.stripe_key.starts_with("pk_"))
      return "SCALEMART_STRIPE_KEY: this is a publishable key; allowed is the secret one (sk_... or rk_...)";
    if (!c.buyers_pay() && c.payment.find("payment_method=") == std::string::npos)
      return "SCALEMART_PAYMENT: stripe: charges nobody by itself; allowed is SCALEMART_PAYMENT_MODE=buyer, or "
             "payment_method=... for trying it";
  }
  if (c.is_shared() != !c.redis.empty()) {
    return "SCALEMART_DATABASE and SCALEMART_REDIS: only one is shared; allowed is both or neither";
  }
  if (c.viewers_max >= c.connections_max) {
    return "SCALEMART_VIEWERS_MAX: " + std::to_string(c.viewers_max) +
           " leaves no connection for buyers; allowed is less than SCALEMART_CONNECTIONS_MAX (" +
           std::to_string(c.connections_max) + ")";
  }
  if (c.access_ttl > c.refresh_ttl) {
    return "SCALEMART_ACCESS_TTL: longer than SCALEMART_REFRESH_TTL; allowed is at most that";
  }
  if (c.commit_window * 4 > c.request_deadline) {
    return "SCALEMART_COMMIT_WINDOW: more than a quarter of SCALEMART_REQUEST_DEADLINE, so buys would expire "
           "while "
           "they wait; allowed is at most that";
  }
  if (fd_limit > 0 && c.connections_max + 256ULL > fd_limit) {
    return "SCALEMART_CONNECTIONS_MAX: " + std::to_string(c.connections_max) + " does not fit the limit of " +
           std::to_string(fd_limit) + " open files; allowed is that less 256 (raise it with ulimit -Hn)";
  }
  return {};
}

bool Config::buyers_pay() const {
  return payment_mode == "buyer";
}

ConfigSources sources_of_process() {
  ConfigSources out;
  out.fd_limit = hard_fd_limit();
  out.environment = [](std::string_view variable) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(variable).c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
  if (const auto folder = out.environment("CREDENTIALS_DIRECTORY"); folder && !folder->empty())
    out.credentials = *folder;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view line(*entry);
    if (line.starts_with("SCALEMART_")) out.environment_names.emplace_back(line.substr(0, line.find('=')));
  }
  std::sort(out.environment_names.begin(), out.environment_names.end());
  return out;
}

Result<Config> load_config(const ConfigSources& sources) {
  Config config;
  const auto environment = [&](std::string_view variable) -> std::optional<std::string> {
    return sources.environment ? sources.environment(variable) : std::nullopt;
  };
  const auto flag = [&](std::string_view variable) -> std::optional<std::string> {
    const auto found = sources.flags.find(variable);
    return found == sources.flags.end() ? std::nullopt : std::optional(found->second);
  };
  for (const Setting& setting : settings()) {
    if (auto done = take(config, setting, setting.fallback, "default", setting.variable()); !done) return done.error();
  }
  std::optional<std::filesystem::path> file = sources.file;
  if (const auto named = environment("SCALEMART_CONFIG"); !file && named && !named->empty()) file = *named;
  if (file) {
    if (auto done = take_file(config, *file); !done) return done.error();
  }
  if (sources.credentials) {
    if (auto done = take_credentials(config, *sources.credentials); !done) return done.error();
  }
  for (const Setting& setting : settings()) {
    if (auto done = take_named(config, setting, environment, "environment"); !done) return done.error();
    if (auto done = take_named(config, setting, flag, "flag"); !done) return done.error();
    if (!sources.check) continue;
    const std::string value = setting.show(config, true);
    if (auto fault = sources.check(setting.variable(), value)) return error(setting.variable() + ": " + *fault);
  }
  warn_of_unknown(config, sources.environment_names);
  fit_defaults(config, sources.fd_limit);
  warn_of_exposure(config);
  if (auto fault = check_together(config, sources.fd_limit)) return error(*fault);
  return config;
}

}  // namespace scalemart
