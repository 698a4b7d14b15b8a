#include "app/identity.hpp"

#include "auth/password.hpp"
#include "telemetry/log.hpp"

namespace scalemart {
namespace {

/// Longer, and a token that another gateway revoked may be believed here.
constexpr std::chrono::seconds kWatchAgeMax{10};

std::chrono::seconds in_seconds(std::chrono::milliseconds time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time);
}

}  // namespace

Result<std::unique_ptr<Identity>> Identity::open(OpenAccounts accounts, const DataFolder& folder, const Config& config,
                                                 const Clock& clock) {
  std::unique_ptr<Identity> identity(new Identity(std::move(accounts)));

  auto keys = config.jwt_secret.empty() ? KeyRing::open(folder.path(), identity->session_random_)
                                        : KeyRing::from_secret(config.jwt_secret);
  if (!keys)
    return error((config.jwt_secret.empty() ? "token key: " : "SCALEMART_JWT_SECRET: ") + keys.error().message);
  identity->keys_ = std::move(*keys);

  identity->signer_ = std::make_unique<TokenSigner>(*identity->keys_);
  PasswordPool::Options pool;
  pool.threads = config.password_threads;
  identity->passwords_ = std::make_unique<PasswordPool>(pool, identity->password_random_);
  identity->sessions_ =
      std::make_unique<Sessions>(SessionOptions{in_seconds(config.access_ttl), in_seconds(config.refresh_ttl)},
                                 identity->accounts(), *identity->passwords_, *identity->signer_,
                                 identity->revocations_, identity->admins_, clock, identity->session_random_);
  // Before the state is loaded, so that no change falls between.
  if (identity->accounts_.watch)
    if (auto watched = identity->accounts_.watch(
            [identity = identity.get()](const AccountChanges& changes) { identity->learn(changes); });
        !watched)
      return watched.error();
  if (auto started = identity->sessions_->start(); !started) return started.error();
  if (!config.admin_email.empty()) {
    const auto made = identity->sessions_->ensure_admin(config.admin_email, config.admin_password);
    if (!made && fault_of_password(config.admin_password, config.admin_email) != PasswordFault::none)
      return error("SCALEMART_ADMIN_PASSWORD: it is too long or among the first ones that are tried; " +
                   std::string("allowed are 8 to 128 characters that nobody would guess"));
    if (!made) return error("SCALEMART_ADMIN_EMAIL: " + made.error().message);
    if (*made) log::info("administrator_created");
  }
  return identity;
}

void Identity::learn(const AccountChanges& changes) {
  sessions_->learn(changes);
  const std::lock_guard lock(setting_mutex_);
  if (!setting_listener_) return;
  for (const Setting& setting : changes.settings) setting_listener_(setting);
}

void Identity::on_setting(std::function<void(const Setting&)> listener) {
  const std::lock_guard lock(setting_mutex_);
  setting_listener_ = std::move(listener);
}

void Identity::stop() {
  // The pool's last answers go through the store.
  if (passwords_) passwords_->stop();
  if (accounts_.store) accounts_.store->stop();
}

std::optional<std::string> Identity::fault() const {
  if (!accounts_.watch_age || accounts_.watch_age() < kWatchAgeMax) return std::nullopt;
  return "accounts: their database has not been heard of for " + std::to_string(accounts_.watch_age().count()) + " ms";
}

Identity::~Identity() {
  stop();
}

}  // namespace scalemart
