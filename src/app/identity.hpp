#pragma once
// Accounts and tokens, composed.

#include <functional>
#include <memory>
#include <mutex>

#include "app/config.hpp"
#include "auth/keys.hpp"
#include "auth/sessions.hpp"
#include "backend/embedded/data_folder.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "port/account_changes.hpp"
#include "port/account_store.hpp"

namespace scalemart {

/// Where accounts are, opened.
struct OpenAccounts {
  std::unique_ptr<AccountStore> store;
  // Of a store that other processes change too; empty otherwise.
  std::function<Result<void>(AccountListener)> watch;  ///< As AccountLanes::watch().
  std::function<std::chrono::milliseconds()> watch_age;
};

/// Purpose: everything that knows who somebody is. Ready when open() returns: administrators and revocations
/// are loaded, and the administrator of the configuration exists. Concurrency: the parts as their headers
/// say.
class Identity {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Identity>> open(OpenAccounts accounts, const DataFolder& folder,
                                                              const Config& config, const Clock& clock);
  ~Identity();
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;
  /// Finishes what was taken. Idempotent.
  void stop();

  [[nodiscard]] AccountStore& accounts() { return *accounts_.store; }
  /// Why this process may believe tokens that were revoked elsewhere; nothing: it does not.
  [[nodiscard]] std::optional<std::string> fault() const;
  /// What other processes change in the settings from now on, on the store's thread; empty: nobody listens any more.
  void on_setting(std::function<void(const Setting&)> listener);
  [[nodiscard]] KeyRing& keys() { return *keys_; }
  [[nodiscard]] Revocations& revocations() { return revocations_; }
  [[nodiscard]] Admins& admins() { return admins_; }
  [[nodiscard]] Sessions& sessions() { return *sessions_; }

 private:
  explicit Identity(OpenAccounts accounts) : accounts_(std::move(accounts)) {}
  void learn(const AccountChanges& changes);

  OpenAccounts accounts_;
  std::mutex setting_mutex_;
  std::function<void(const Setting&)> setting_listener_;  ///< Guarded by setting_mutex_.
  std::unique_ptr<KeyRing> keys_;
  std::unique_ptr<TokenSigner> signer_;
  Revocations revocations_;
  Admins admins_;
  SecureRandom password_random_;
  SecureRandom session_random_;
  std::unique_ptr<PasswordPool> passwords_;
  std::unique_ptr<Sessions> sessions_;
};

}  // namespace scalemart
