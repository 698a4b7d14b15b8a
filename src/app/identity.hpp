#pragma once
// Accounts and tokens, composed.

#include <memory>

#include "app/config.hpp"
#include "auth/keys.hpp"
#include "auth/sessions.hpp"
#include "backend/embedded/account_store.hpp"
#include "backend/embedded/data_folder.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"

namespace scalemart {

/// Purpose: everything that knows who somebody is. Ready when open() returns: administrators and revocations
/// are loaded, and the administrator of the configuration exists. Concurrency: the parts as their headers
/// say.
class Identity {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Identity>> open(const DataFolder& folder, const Config& config,
                                                              const Clock& clock);
  ~Identity();
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;
  /// Finishes what was taken. Idempotent.
  void stop();

  [[nodiscard]] EmbeddedAccountStore& accounts() { return *accounts_; }
  [[nodiscard]] KeyRing& keys() { return *keys_; }
  [[nodiscard]] Revocations& revocations() { return revocations_; }
  [[nodiscard]] Admins& admins() { return admins_; }
  [[nodiscard]] Sessions& sessions() { return *sessions_; }

 private:
  Identity() = default;

  std::unique_ptr<EmbeddedAccountStore> accounts_;
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
