#pragma once
// What a shared account store owes several gateways at once, as tests over any database:
// INSTANTIATE_TYPED_TEST_SUITE_P(Name, SharedAccounts, World). A World is default-constructible, is a fresh database,
// and has
//   static std::string missing()              why these tests cannot run here, or empty
//   std::unique_ptr<AccountLanes> open(AccountLanes::Options)   one more gateway's store
//   ServerProcess& server()                   the server behind it, for its commands

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "backend/shared/account_lanes.hpp"
#include "port/account_store_contract.hpp"
#include "tests/accounts/gateways.hpp"
#include "tests/servers/server_process.hpp"

namespace scalemart::test {

template <class World>
class SharedAccounts : public ::testing::Test {
 protected:
  static constexpr WallTime kNow{1'700'000'000'000};
  static constexpr std::chrono::hours kHour{1};

  void SetUp() override {
    if (const std::string why = World::missing(); !why.empty()) GTEST_SKIP() << why;
    world_.emplace();
  }
  std::unique_ptr<AccountLanes> gateway(AccountLanes::Options options = {}) { return world_->open(std::move(options)); }
  ServerProcess& server() { return world_->server(); }

  static Account account(std::uint64_t n, Role role = Role::buyer) {
    Account a;
    a.id = {77, n};
    a.email = "user" + std::to_string(n) + "@example.com";
    a.name = "Name";
    a.role = role;
    a.password_hash = "hash";
    a.created = kNow;
    return a;
  }
  static RefreshFamily family(std::uint64_t n, UserId user) {
    return {{99, n}, user, digest(100), numbered(1), kNow + std::chrono::milliseconds(n), kNow + kHour};
  }
  /// A token that is the `n`th.
  static Digest256 numbered(std::uint64_t n) {
    Digest256 d{};
    for (std::size_t i = 0; i < 8; ++i) d[i] = static_cast<std::byte>(n >> (8 * i));
    return d;
  }
  static AuditEntry entry(const std::string& what) { return {"who", what, "", kNow, "", "", "{}"}; }

  static StoreOutcome create(AccountStore& store, const Account& a, std::optional<RefreshFamily> first = {}) {
    return ask_store<StoreOutcome>([&](auto done) { return store.create(a, first, entry("registered"), done); });
  }
  static Rotation rotate(AccountStore& store, FamilyId id, std::uint64_t presented, std::uint64_t next) {
    return ask_store<Rotation>([&](auto done) {
      return store.rotate({id, digest(100), numbered(presented), numbered(next), kNow, kNow + kHour}, entry("reused"),
                          done);
    });
  }
  static EpochChange set_role(AccountStore& store, UserId id, Role role) {
    return ask_store<EpochChange>([&](auto done) { return store.set_role(id, role, kNow, entry("role"), done); });
  }
  static StoreOutcome append(AccountStore& store, const std::string& what) {
    return ask_store<StoreOutcome>([&](auto done) { return store.append_audit(entry(what), done); });
  }
  static AuditCheck check(AccountStore& store) {
    return look_up<AuditCheck>([&](auto done) { return store.check_audit(done); });
  }
  static std::vector<AuditRow> audit(AccountStore& store) {
    return look_up<AuditPage>([&](auto done) { return store.audit_page({.limit = 10'000}, done); }).rows;
  }
  static void together(std::size_t threads, const std::function<void(std::size_t)>& work) {
    std::vector<std::thread> all;
    for (std::size_t i = 0; i < threads; ++i) all.emplace_back([&work, i] { work(i); });
    for (std::thread& thread : all) thread.join();
  }

 private:
  std::optional<World> world_;
};

TYPED_TEST_SUITE_P(SharedAccounts);

TYPED_TEST_P(SharedAccounts, OneTokenShownToTwoGatewaysAtOnceIsGoodOnce) {
  const auto a = this->gateway(), b = this->gateway();
  constexpr std::size_t kThreads = 4;
  constexpr std::uint64_t kFamilies = 25;
  ASSERT_EQ(this->create(*a, this->account(1)), StoreOutcome::done);
  for (std::uint64_t n = 1; n <= kFamilies; ++n) {
    ASSERT_EQ(ask_store<StoreOutcome>([&](auto done) {
                return a->open_family(this->family(n, {77, 1}), 0, this->entry("in"), done);
              }),
              StoreOutcome::done);
    std::atomic<int> rotated{0}, reused{0}, revoked{0};
    this->together(kThreads, [&](std::size_t i) {
      const auto outcome = this->rotate(i % 2 == 0 ? *a : *b, {99, n}, 1, 100 + i).outcome;
      rotated += outcome == RotateOutcome::rotated;
      reused += outcome == RotateOutcome::reused;
      revoked += outcome == RotateOutcome::revoked;
    });
    EXPECT_EQ(rotated.load(), 1);
    EXPECT_EQ(reused.load(), 1) << "the second user is noticed";
    EXPECT_EQ(revoked.load(), static_cast<int>(kThreads) - 2) << "and ends the login";
  }
  int reuses = 0;
  for (const AuditRow& row : this->audit(*b)) reuses += row.entry.what == "reused";
  EXPECT_EQ(reuses, static_cast<int>(kFamilies)) << "once each in the trail";
  EXPECT_EQ(look_up<AuthState>([&](auto done) { return b->load({0}, done); }).revoked.size(), kFamilies);
}

TYPED_TEST_P(SharedAccounts, AddressIsTakenOnceOverAllGateways) {
  const auto a = this->gateway(), b = this->gateway();
  for (std::uint64_t n = 1; n <= 20; ++n) {
    std::atomic<int> done{0}, taken{0};
    this->together(4, [&](std::size_t i) {
      Account mine = this->account(10 * n + i);
      mine.email = (i < 2 ? "SAME" : "same") + std::to_string(n) + "@example.com";
      const auto outcome = this->create(i % 2 == 0 ? *a : *b, mine);
      done += outcome == StoreOutcome::done;
      taken += outcome == StoreOutcome::email_taken;
    });
    EXPECT_EQ(done.load(), 1);
    EXPECT_EQ(taken.load(), 3);
  }
  EXPECT_EQ(this->check(*a).rows, 20u) << "a refusal leaves no audit";
}

TYPED_TEST_P(SharedAccounts, LoginsOfOneUserStayBoundedHoweverManyComeAtOnce) {
  const auto a = this->gateway(), b = this->gateway();
  ASSERT_EQ(this->create(*a, this->account(1)), StoreOutcome::done);
  constexpr std::uint64_t kEach = 15;
  this->together(4, [&](std::size_t thread) {
    for (std::uint64_t n = 0; n < kEach; ++n)
      EXPECT_EQ(ask_store<StoreOutcome>([&](auto done) {
                  return (thread % 2 == 0 ? *a : *b)
                      .open_family(this->family(1 + thread * kEach + n, {77, 1}), 0, this->entry("in"), done);
                }),
                StoreOutcome::done);
  });
  std::size_t alive = 0;
  for (std::uint64_t n = 1; n <= 4 * kEach; ++n)
    alive += this->rotate(*a, {99, n}, 1, 2).outcome == RotateOutcome::rotated;
  EXPECT_EQ(alive, kFamiliesPerUserMax);
}

TYPED_TEST_P(SharedAccounts, WhatOneGatewayChangesTheOthersHear) {
  Heard heard;
  const auto a = this->gateway(), b = this->gateway({.watch_every = std::chrono::milliseconds(20)});
  ASSERT_EQ(this->create(*a, this->account(1), this->family(1, {77, 1})), StoreOutcome::done);
  ASSERT_TRUE(b->watch(heard.listener()));
  const auto user = [&](std::uint64_t n, std::uint32_t epoch, bool is_admin) {
    return heard.wait_for([&](const auto& users, const auto&, const auto&) {
      const auto found = users.find({77, n});
      return found != users.end() && found->second.epoch == epoch && found->second.is_admin == is_admin;
    });
  };
  ASSERT_EQ(this->set_role(*a, {77, 1}, Role::admin).outcome, StoreOutcome::done);
  EXPECT_TRUE(user(1, 1, true));
  ASSERT_EQ(ask_store<EpochChange>([&](auto done) {
              return a->set_disabled({77, 1}, true, this->kNow, this->entry("off"), done);
            }).outcome,
            StoreOutcome::done);
  EXPECT_TRUE(user(1, 2, false)) << "a disabled account is no administrator";
  ASSERT_EQ(this->create(*a, this->account(2, Role::admin)), StoreOutcome::done);
  EXPECT_TRUE(user(2, 0, true)) << "a new administrator";
  for (const FamilyId id : {FamilyId{99, 1}, FamilyId{5, 5}}) {
    ASSERT_EQ(
        ask_store<StoreOutcome>([&](auto done) { return a->revoke_family(id, this->kNow, this->entry("out"), done); }),
        StoreOutcome::done);
    EXPECT_TRUE(heard.wait_for([&](const auto&, const auto& revoked, const auto&) { return revoked.contains(id); }));
  }
  for (const char* json : {"{\"login\":\"off\"}", "{\"login\":\"5/60s\"}"}) {
    ASSERT_EQ(ask_store<StoreOutcome>([&](auto done) {
                return a->put_setting({"rate_limits", json}, this->entry("set"), done);
              }),
              StoreOutcome::done);
    EXPECT_TRUE(heard.wait_for([&](const auto&, const auto&, const auto& settings) {
      return settings.contains("rate_limits") && settings.at("rate_limits") == json;
    }));
  }
}

TYPED_TEST_P(SharedAccounts, NothingIsMissedByAWatchUnderLoad) {
  Heard heard;
  const auto a = this->gateway(), b = this->gateway({.watch_every = std::chrono::milliseconds(1)});
  ASSERT_TRUE(b->watch(heard.listener()));
  constexpr std::uint64_t kEach = 100;
  this->together(4, [&](std::size_t thread) {
    for (std::uint64_t n = 0; n < kEach; ++n)
      EXPECT_EQ(ask_store<StoreOutcome>([&](auto done) {
                  return a->revoke_family({7, 1 + thread * kEach + n}, this->kNow, this->entry("out"), done);
                }),
                StoreOutcome::done);
  });
  EXPECT_TRUE(
      heard.wait_for([&](const auto&, const auto& revoked, const auto&) { return revoked.size() == 4 * kEach; }));
}

TYPED_TEST_P(SharedAccounts, TokenRevokedAtOneGatewayIsRefusedAtTheOther) {
  IdentityOfGateway a(this->gateway(), 1), b(this->gateway(), 2);
  const AuthAnswer root = a.sessions.create_user_now({"root@example.com", "purple-Tractor-19", "Root"}, Role::admin);
  ASSERT_EQ(root.outcome, AuthOutcome::done);
  EXPECT_TRUE(b.comes_to([&] { return b.admins.contains(root.user.id); })) << "made on the other gateway";
  ASSERT_EQ(a.sessions.create_user_now({"ann@example.com", "purple-Tractor-19", "Ann"}, Role::buyer).outcome,
            AuthOutcome::done);

  const AuthAnswer ann = a.login("ann@example.com");
  ASSERT_EQ(ann.outcome, AuthOutcome::done);
  EXPECT_TRUE(b.believes(ann));
  static_cast<void>(ask_store<AuthAnswer>([&](AuthDone done) {
    a.sessions.logout(a.principal(ann), "", std::move(done));
    return true;
  }));
  EXPECT_FALSE(a.believes(ann));
  EXPECT_TRUE(b.comes_to([&] { return !b.believes(ann); })) << "a logout is known to all";

  const AuthAnswer again = b.login("ann@example.com");
  ASSERT_EQ(again.outcome, AuthOutcome::done);
  static_cast<void>(ask_store<AuthAnswer>([&](AuthDone done) {
    a.sessions.set_role({root.user.id, Role::admin, {}, {}}, again.user.id, Role::admin, "", std::move(done));
    return true;
  }));
  EXPECT_TRUE(b.comes_to([&] { return b.admins.contains(again.user.id) && !b.believes(again); }));
  static_cast<void>(ask_store<AuthAnswer>([&](AuthDone done) {
    b.sessions.set_role({root.user.id, Role::admin, {}, {}}, again.user.id, Role::buyer, "", std::move(done));
    return true;
  }));
  EXPECT_FALSE(b.admins.contains(again.user.id));
  EXPECT_TRUE(a.comes_to([&] { return !a.admins.contains(again.user.id); })) << "and back again";
}

TYPED_TEST_P(SharedAccounts, AuditStaysOneChainWithManyWriters) {
  const auto a = this->gateway({.watch_every = std::chrono::milliseconds(1)}), b = this->gateway();
  ASSERT_TRUE(a->watch([](const AccountChanges&) {}));
  constexpr int kEach = 50;
  this->together(4, [&](std::size_t thread) {
    AccountStore& mine = thread % 2 == 0 ? *a : *b;
    for (int i = 0; i < kEach; ++i) {
      ASSERT_EQ(this->append(mine, "act_" + std::to_string(thread) + "_" + std::to_string(i)), StoreOutcome::done);
      if (i % 10 == 0) static_cast<void>(this->audit(mine));
    }
  });
  const AuditCheck whole = this->check(*b);
  EXPECT_EQ(whole.first_bad, 0u);
  EXPECT_EQ(whole.rows, static_cast<std::uint64_t>(4 * kEach));
  const auto rows = this->audit(*a), same = this->audit(*b);
  ASSERT_EQ(rows.size(), same.size());
  std::map<std::string, int> next;
  for (std::size_t i = rows.size(); i-- > 0;) {
    EXPECT_EQ(rows[i].hash, same[i].hash);
    const std::string writer = rows[i].entry.what.substr(0, 5);
    EXPECT_EQ(rows[i].entry.what, writer + "_" + std::to_string(next[writer]++)) << "in each writer's order";
  }
}

TYPED_TEST_P(SharedAccounts, SilentServerIsAnAnswerAndNotTheEnd) {
  Heard heard;
  std::atomic<bool> deaf{false};
  const auto a = this->gateway({.patience = std::chrono::milliseconds(500)});
  const auto b = this->gateway({.patience = std::chrono::milliseconds(500),
                                .watch_every = std::chrono::milliseconds(10),
                                .on_note = [&](const std::string& line) { deaf = line.starts_with("no news"); }});
  ASSERT_TRUE(b->watch(heard.listener()));
  ASSERT_EQ(this->create(*a, this->account(1), this->family(1, {77, 1})), StoreOutcome::done);
  const auto finds = [&] {
    return ask_store<Result<std::optional<Account>>>([&](auto done) { return a->find({77, 1}, done); });
  };
  for (const auto& [stop, start] : {std::pair("stop", "start"), std::pair("freeze", "thaw")}) {
    this->server().command(stop);
    EXPECT_FALSE(finds()) << stop;
    EXPECT_EQ(this->create(*a, this->account(2)), StoreOutcome::unavailable) << stop;
    EXPECT_EQ(this->set_role(*a, {77, 1}, Role::admin).outcome, StoreOutcome::unavailable);
    EXPECT_EQ(this->rotate(*a, {99, 1}, 9, 9).outcome, RotateOutcome::unavailable);
    EXPECT_EQ(this->append(*a, "unheard"), StoreOutcome::unavailable);
    for (int i = 0; i < 1000 && !deaf.load(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_TRUE(deaf.load()) << "the watch says that it hears nothing";
    EXPECT_GT(b->watch_age().count(), 0);
    this->server().command(start);
    Result<std::optional<Account>> found = finds();
    for (int i = 0; i < 20 && !found; ++i) found = finds();
    EXPECT_TRUE(found) << stop;
    ASSERT_EQ(ask_store<StoreOutcome>([&](auto done) {
                return a->revoke_family({5, 5}, this->kNow, this->entry("out"), done);
              }),
              StoreOutcome::done);
    EXPECT_TRUE(heard.wait_for([&](const auto&, const auto& revoked, const auto&) { return revoked.size() == 1; }));
  }
  EXPECT_EQ(this->check(*a).first_bad, 0u);
}

TYPED_TEST_P(SharedAccounts, RotationsSurviveAServerThatIsKilledUnderThem) {
  const auto a = this->gateway({.patience = std::chrono::seconds(60)});
  constexpr std::size_t kLogins = 4;
  ASSERT_EQ(this->create(*a, this->account(1)), StoreOutcome::done);
  for (std::uint64_t n = 1; n <= kLogins; ++n)
    ASSERT_EQ(ask_store<StoreOutcome>([&](auto done) {
                return a->open_family(this->family(n, {77, 1}), 0, this->entry("in"), done);
              }),
              StoreOutcome::done);
  std::atomic<bool> enough{false};
  std::atomic<std::uint64_t> rotations{0};
  std::thread killer([&] {
    for (int round = 0; round < 2; ++round) {
      const auto before = rotations.load();
      while (rotations.load() < before + 50) std::this_thread::yield();
      this->server().command("kill");
      this->server().command("start");
    }
    enough = true;
  });
  this->together(kLogins, [&](std::size_t i) {
    for (std::uint64_t token = 1; !enough.load(); ++token, ++rotations)
      ASSERT_EQ(this->rotate(*a, {99, i + 1}, token, token + 1).outcome, RotateOutcome::rotated)
          << "token " << token << ": every acknowledged one is there, and none counts twice";
  });
  killer.join();
  EXPECT_EQ(this->check(*a).first_bad, 0u);
  EXPECT_EQ(this->check(*a).rows, 1 + kLogins) << "no reuse was seen";
}

REGISTER_TYPED_TEST_SUITE_P(SharedAccounts, OneTokenShownToTwoGatewaysAtOnceIsGoodOnce,
                            AddressIsTakenOnceOverAllGateways, LoginsOfOneUserStayBoundedHoweverManyComeAtOnce,
                            WhatOneGatewayChangesTheOthersHear, NothingIsMissedByAWatchUnderLoad,
                            TokenRevokedAtOneGatewayIsRefusedAtTheOther, AuditStaysOneChainWithManyWriters,
                            SilentServerIsAnAnswerAndNotTheEnd, RotationsSurviveAServerThatIsKilledUnderThem);

}  // namespace scalemart::test
