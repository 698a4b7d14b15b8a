#pragma once
// Parts of gateways over a shared account store, for tests.

#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "auth/sessions.hpp"
#include "backend/shared/account_lanes.hpp"
#include "port/account_store_contract.hpp"

namespace scalemart::test {

/// Everything a listener was told.
class Heard {
 public:
  AccountListener listener() {
    return [this](const AccountChanges& changes) {
      const std::lock_guard lock(mutex_);
      for (const auto& user : changes.users) users_[user.id] = user;
      for (const FamilyId id : changes.revoked) revoked_[id] = true;
      for (const Setting& setting : changes.settings) settings_[setting.key] = setting.json;
    };
  }
  /// Waits until `is_there(users, revoked, settings)`, at most ten seconds.
  template <class IsThere>
  bool wait_for(IsThere is_there) {
    for (int i = 0; i < 1000; ++i) {
      {
        const std::lock_guard lock(mutex_);
        if (is_there(users_, revoked_, settings_)) return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

 private:
  std::mutex mutex_;
  std::map<UserId, AccountChanges::User> users_;
  std::map<FamilyId, bool> revoked_;
  std::map<std::string, std::string> settings_;
};

/// As much of a gateway as knows who somebody is.
struct IdentityOfGateway {
  IdentityOfGateway(std::unique_ptr<AccountLanes> lanes, std::uint64_t seed) : random(seed), store(std::move(lanes)) {
    EXPECT_TRUE(store->watch([this](const AccountChanges& changes) { sessions.learn(changes); }));
    EXPECT_TRUE(sessions.start());
  }
  ~IdentityOfGateway() {
    passwords.stop();
    store->stop();
  }
  AuthAnswer login(const std::string& email) {
    return ask_store<AuthAnswer>([&](AuthDone done) {
      sessions.login(email, "purple-Tractor-19", "", std::move(done));
      return true;
    });
  }
  bool believes(const AuthAnswer& answer) {
    return std::holds_alternative<Principal>(verifier.verify(answer.access_token, clock.wall()));
  }
  Principal principal(const AuthAnswer& answer) {
    return std::get<Principal>(verifier.verify(answer.access_token, clock.wall()));
  }
  bool comes_to(const std::function<bool()>& truth) {
    for (int i = 0; i < 1000 && !truth(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return truth();
  }
  SystemClock clock;
  SeededRandom random;
  SeededRandom salts{22};
  std::unique_ptr<AccountLanes> store;
  std::unique_ptr<KeyRing> ring = *KeyRing::from_secret("pQ7vX2mZ9rT4wK8sD1fG6hJ3lB5nC0yE");
  TokenSigner signer{*ring};
  Revocations revocations;
  Admins admins;
  TokenVerifier verifier{*ring, revocations};
  PasswordPool passwords{{.cost = {.memory_kib = 8, .passes = 1, .lanes = 1}, .threads = 1}, salts};
  Sessions sessions{{}, *store, passwords, signer, revocations, admins, clock, random};
};

}  // namespace scalemart::test
