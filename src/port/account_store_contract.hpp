#pragma once
// What every account store must do, as tests: INSTANTIATE_TYPED_TEST_SUITE_P(Name, AccountStoreContract,
// Factory). A Factory is default-constructible and has `AccountStore& store()`; one that needs a server also has
// `static std::string missing()`: why these tests cannot run here, or empty.

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>

#include "port/account_store.hpp"

namespace scalemart::test {

/// Asks and waits for the answer.
template <class T, class Ask>
T ask_store(Ask ask) {
  auto promise = std::make_shared<std::promise<T>>();
  auto future = promise->get_future();
  if (!ask([promise](T value) { promise->set_value(std::move(value)); })) throw std::runtime_error("refused");
  return future.get();
}

/// The same for a question that the store can answer.
template <class T, class Ask>
T look_up(Ask ask) {
  return ask_store<Result<T>>(ask).value();
}

inline Digest256 digest(int value) {
  Digest256 d{};
  d[0] = static_cast<std::byte>(value);
  return d;
}

template <class Factory>
class AccountStoreContract : public ::testing::Test {
 protected:
  static constexpr WallTime kNow{1'700'000'000'000};

  void SetUp() override {
    if constexpr (requires { Factory::missing(); })
      if (const std::string why = Factory::missing(); !why.empty()) GTEST_SKIP() << why;
    factory_.emplace();
  }

  static Account account(std::uint64_t n, const std::string& email, Role role = Role::buyer) {
    Account a;
    a.id = {77, n};
    a.email = email;
    a.name = "Name " + std::to_string(n);
    a.role = role;
    a.password_hash = "hash " + std::to_string(n);
    a.created = kNow;
    return a;
  }
  static RefreshFamily family(std::uint64_t n, UserId user) {
    return {{99, n}, user, digest(100), digest(1), kNow + std::chrono::milliseconds(n), kNow + std::chrono::hours(1)};
  }
  static AuditEntry entry(const std::string& what) {
    return {"who", what, "target", kNow, "192.0.2.1", "{}", "{\"a\":1}"};
  }

  StoreOutcome create(const Account& a, std::optional<RefreshFamily> first = std::nullopt) {
    return ask_store<StoreOutcome>([&](auto done) { return store().create(a, first, entry("registered"), done); });
  }
  std::optional<Account> find(UserId id) {
    return look_up<std::optional<Account>>([&](auto done) { return store().find(id, done); });
  }
  std::optional<Account> find_by_email(const std::string& email) {
    return look_up<std::optional<Account>>([&](auto done) { return store().find_by_email(email, done); });
  }
  StoreOutcome open_family(const RefreshFamily& f, std::uint32_t epoch = 0) {
    return ask_store<StoreOutcome>([&](auto done) { return store().open_family(f, epoch, entry("logged_in"), done); });
  }
  Rotation rotate(FamilyId id, int presented, int next, WallTime now = kNow, int secret = 100) {
    return rotate({id, digest(secret), digest(presented), digest(next), now, now + std::chrono::hours(1)});
  }
  /// With ten seconds in which a repetition is forgiven.
  Rotation rotate_again(FamilyId id, int presented, int next, WallTime now = kNow) {
    RotateRequest request{id, digest(100), digest(presented), digest(next), now, now + std::chrono::hours(1)};
    request.repeats_since = now + std::chrono::seconds(-10);
    return rotate(request);
  }
  Rotation rotate(const RotateRequest& request) {
    return ask_store<Rotation>([&](auto done) { return store().rotate(request, entry("reused"), done); });
  }
  AuthState load(WallTime since = {0}) {
    return look_up<AuthState>([&](auto done) { return store().load(since, done); });
  }
  std::vector<AuditRow> audit(std::uint64_t before = 0, std::size_t limit = 100) {
    return search({.before = before, .limit = limit}).rows;
  }
  AuditPage search(const AuditSearch& search) {
    return look_up<AuditPage>([&](auto done) { return store().audit_page(search, done); });
  }
  void write(const AuditEntry& entry) {
    ask_store<StoreOutcome>([&](auto done) { return store().append_audit(entry, done); });
  }
  AccountStore& store() { return factory_->store(); }

 private:
  std::optional<Factory> factory_;
};

TYPED_TEST_SUITE_P(AccountStoreContract);

TYPED_TEST_P(AccountStoreContract, AccountIsFoundByIdAndByEmailWhateverItsCase) {
  const Account a = this->account(1, "ann@example.com", Role::admin);
  ASSERT_EQ(this->create(a), StoreOutcome::done);
  for (const auto& found : {this->find(a.id), this->find_by_email("ANN@example.COM")}) {
    ASSERT_TRUE(found);
    EXPECT_EQ(found->id, a.id);
    EXPECT_EQ(found->email, a.email);
    EXPECT_EQ(found->name, a.name);
    EXPECT_EQ(found->role, Role::admin);
    EXPECT_EQ(found->password_hash, a.password_hash);
    EXPECT_EQ(found->created, a.created);
    EXPECT_EQ(found->epoch, 0u);
    EXPECT_FALSE(found->disabled);
  }
  EXPECT_FALSE(this->find({1, 2}));
  EXPECT_FALSE(this->find_by_email("bob@example.com"));
}

TYPED_TEST_P(AccountStoreContract, EmailIsTakenOnceWhateverItsCase) {
  ASSERT_EQ(this->create(this->account(1, "ann@example.com")), StoreOutcome::done);
  EXPECT_EQ(this->create(this->account(2, "Ann@Example.com")), StoreOutcome::email_taken);
  EXPECT_FALSE(this->find({77, 2}));
  EXPECT_EQ(this->audit().size(), 1u) << "a refusal leaves no audit";
}

TYPED_TEST_P(AccountStoreContract, RefreshTokenWorksOnceAndItsReuseRevokesTheFamily) {
  const Account a = this->account(1, "a@b");
  const RefreshFamily f = this->family(1, a.id);
  ASSERT_EQ(this->create(a, f), StoreOutcome::done);
  const Rotation first = this->rotate(f.id, 1, 2);
  EXPECT_EQ(first.outcome, RotateOutcome::rotated);
  EXPECT_EQ(first.account.email, "a@b");
  EXPECT_EQ(this->rotate(f.id, 2, 3).outcome, RotateOutcome::rotated);
  EXPECT_EQ(this->rotate(f.id, 1, 4).outcome, RotateOutcome::reused);
  EXPECT_EQ(this->rotate(f.id, 3, 5).outcome, RotateOutcome::revoked) << "the thief's and the owner's end together";
  ASSERT_EQ(this->load().revoked.size(), 1u);
  EXPECT_EQ(this->load().revoked[0].id, f.id);
  EXPECT_EQ(this->audit()[0].entry.what, "reused");
}

TYPED_TEST_P(AccountStoreContract, SameRotationAgainIsForgivenForAWhileAndChangesNothing) {
  const Account a = this->account(1, "a@b");
  const RefreshFamily f = this->family(1, a.id);
  ASSERT_EQ(this->create(a, f), StoreOutcome::done);
  const WallTime later = this->kNow + std::chrono::seconds(10);
  ASSERT_EQ(this->rotate_again(f.id, 1, 2).outcome, RotateOutcome::rotated);
  for (const WallTime now : {this->kNow, later}) {
    const Rotation again = this->rotate_again(f.id, 1, 2, now);
    EXPECT_EQ(again.outcome, RotateOutcome::rotated);
    EXPECT_EQ(again.account.email, "a@b");
  }
  EXPECT_EQ(this->audit().size(), 1u);
  EXPECT_EQ(this->rotate_again(f.id, 2, 3, later).outcome, RotateOutcome::rotated)
      << "the token is what the first made";
  EXPECT_EQ(this->rotate_again(f.id, 1, 2, later).outcome, RotateOutcome::reused) << "not the one before any more";
  EXPECT_EQ(this->rotate_again(f.id, 2, 3, later).outcome, RotateOutcome::revoked);
}

TYPED_TEST_P(AccountStoreContract, SameRotationTooLateOrToAnotherTokenIsReuse) {
  const Account a = this->account(1, "a@b");
  ASSERT_EQ(this->create(a, this->family(1, a.id)), StoreOutcome::done);
  for (std::uint64_t n = 2; n <= 4; ++n) ASSERT_EQ(this->open_family(this->family(n, a.id)), StoreOutcome::done);
  for (std::uint64_t n = 1; n <= 4; ++n) ASSERT_EQ(this->rotate_again({99, n}, 1, 2).outcome, RotateOutcome::rotated);
  const WallTime late = this->kNow + std::chrono::milliseconds(10'001);
  EXPECT_EQ(this->rotate_again({99, 1}, 1, 2, late).outcome, RotateOutcome::reused);
  EXPECT_EQ(this->rotate_again({99, 2}, 1, 3).outcome, RotateOutcome::reused);
  EXPECT_EQ(this->rotate({99, 3}, 1, 2).outcome, RotateOutcome::reused) << "who asks for no forgiveness gets none";
  ask_store<EpochChange>(
      [&](auto done) { return this->store().revoke_all(a.id, this->kNow, this->entry("out"), done); });
  EXPECT_EQ(this->rotate_again({99, 4}, 1, 2).outcome, RotateOutcome::revoked) << "a repetition brings nothing back";
}

TYPED_TEST_P(AccountStoreContract, GuessingATokenChangesNothing) {
  const Account a = this->account(1, "a@b");
  const RefreshFamily f = this->family(1, a.id);
  ASSERT_EQ(this->create(a, f), StoreOutcome::done);
  EXPECT_EQ(this->rotate(f.id, 9, 2, this->kNow, 101).outcome, RotateOutcome::unknown);
  EXPECT_EQ(this->rotate({1, 1}, 1, 2).outcome, RotateOutcome::unknown);
  EXPECT_EQ(this->rotate(f.id, 1, 2).outcome, RotateOutcome::rotated);
}

TYPED_TEST_P(AccountStoreContract, RefreshTokenExpiresAndEachUseExtendsIt) {
  const Account a = this->account(1, "a@b");
  const RefreshFamily f = this->family(1, a.id);
  ASSERT_EQ(this->create(a, f), StoreOutcome::done);
  const WallTime late = f.expires + std::chrono::milliseconds(-1);
  EXPECT_EQ(this->rotate(f.id, 1, 2, late).outcome, RotateOutcome::rotated);
  EXPECT_EQ(this->rotate(f.id, 2, 3, late + std::chrono::minutes(59)).outcome, RotateOutcome::rotated);
  EXPECT_EQ(this->rotate(f.id, 3, 4, late + std::chrono::minutes(119)).outcome, RotateOutcome::expired);
}

TYPED_TEST_P(AccountStoreContract, PasswordChangeKeepsOneLoginAndRaisesTheEpoch) {
  const Account a = this->account(1, "a@b");
  ASSERT_EQ(this->create(a, this->family(1, a.id)), StoreOutcome::done);
  ASSERT_EQ(this->open_family(this->family(2, a.id)), StoreOutcome::done);
  const auto change = [&](const std::string& expected) {
    return ask_store<EpochChange>([&](auto done) {
      return this->store().change_password({a.id, expected, "new hash", {99, 2}, this->kNow}, this->entry("password"),
                                           done);
    });
  };
  EXPECT_EQ(change("not the hash").outcome, StoreOutcome::stale);
  EXPECT_EQ(this->find(a.id)->epoch, 0u);
  const EpochChange changed = change("hash 1");
  EXPECT_EQ(changed.outcome, StoreOutcome::done);
  EXPECT_EQ(changed.account.epoch, 1u);
  EXPECT_EQ(this->find(a.id)->password_hash, "new hash");
  EXPECT_EQ(this->rotate({99, 1}, 1, 2).outcome, RotateOutcome::revoked);
  EXPECT_EQ(this->rotate({99, 2}, 1, 2).outcome, RotateOutcome::rotated);
  EXPECT_EQ(this->open_family(this->family(3, a.id), 0), StoreOutcome::stale) << "a login begun before the change";
  EXPECT_EQ(this->open_family(this->family(3, a.id), 1), StoreOutcome::done);
  ASSERT_EQ(this->load().epochs.size(), 1u);
  EXPECT_EQ(this->load().epochs[0].epoch, 1u);
  EXPECT_TRUE(this->load(this->kNow + std::chrono::milliseconds(1)).epochs.empty());
}

TYPED_TEST_P(AccountStoreContract, DisabledAccountHasNoLogins) {
  const Account a = this->account(1, "a@b", Role::admin);
  ASSERT_EQ(this->create(a, this->family(1, a.id)), StoreOutcome::done);
  EXPECT_EQ(this->load().admins.size(), 1u);
  const auto set = [&](bool disabled) {
    return ask_store<EpochChange>([&](auto done) {
      return this->store().set_disabled(a.id, disabled, this->kNow, this->entry("disabled"), done);
    });
  };
  EXPECT_TRUE(set(true).account.disabled);
  EXPECT_TRUE(this->load().admins.empty());
  EXPECT_EQ(this->rotate({99, 1}, 1, 2).outcome, RotateOutcome::revoked);
  EXPECT_EQ(this->open_family(this->family(2, a.id), 1), StoreOutcome::not_found);
  EXPECT_EQ(set(false).account.epoch, 2u);
  EXPECT_EQ(this->rotate({99, 1}, 1, 2).outcome, RotateOutcome::revoked) << "enabling gives nothing back";
}

TYPED_TEST_P(AccountStoreContract, RoleAndLogoutEverywhereRaiseTheEpoch) {
  const Account a = this->account(1, "a@b");
  ASSERT_EQ(this->create(a, this->family(1, a.id)), StoreOutcome::done);
  const auto promoted = ask_store<EpochChange>(
      [&](auto done) { return this->store().set_role(a.id, Role::admin, this->kNow, this->entry("role"), done); });
  EXPECT_EQ(promoted.account.role, Role::admin);
  EXPECT_EQ(promoted.account.epoch, 1u);
  EXPECT_EQ(this->load().admins.size(), 1u);
  EXPECT_EQ(this->rotate({99, 1}, 1, 2).outcome, RotateOutcome::rotated);
  const auto ended = ask_store<EpochChange>(
      [&](auto done) { return this->store().revoke_all(a.id, this->kNow, this->entry("out"), done); });
  EXPECT_EQ(ended.account.epoch, 2u);
  EXPECT_EQ(this->rotate({99, 1}, 2, 3).outcome, RotateOutcome::revoked);
  EXPECT_EQ(ask_store<EpochChange>([&](auto done) {
              return this->store().revoke_all({5, 5}, this->kNow, this->entry("out"), done);
            }).outcome,
            StoreOutcome::not_found);
}

TYPED_TEST_P(AccountStoreContract, LogoutRevokesOneFamilyAlsoAnUnknownOne) {
  const Account a = this->account(1, "a@b");
  ASSERT_EQ(this->create(a, this->family(1, a.id)), StoreOutcome::done);
  for (const FamilyId id : {FamilyId{99, 1}, FamilyId{5, 5}, FamilyId{99, 1}})
    EXPECT_EQ(ask_store<StoreOutcome>(
                  [&](auto done) { return this->store().revoke_family(id, this->kNow, this->entry("out"), done); }),
              StoreOutcome::done);
  EXPECT_EQ(this->rotate({99, 1}, 1, 2).outcome, RotateOutcome::revoked);
  EXPECT_EQ(this->load().revoked.size(), 2u);
}

TYPED_TEST_P(AccountStoreContract, OldestLoginGivesWayToTheNewest) {
  const Account a = this->account(1, "a@b");
  ASSERT_EQ(this->create(a), StoreOutcome::done);
  for (std::uint64_t n = 1; n <= kFamiliesPerUserMax + 1; ++n)
    ASSERT_EQ(this->open_family(this->family(n, a.id)), StoreOutcome::done);
  EXPECT_EQ(this->rotate({99, 1}, 1, 2).outcome, RotateOutcome::unknown);
  EXPECT_EQ(this->rotate({99, 2}, 1, 2).outcome, RotateOutcome::rotated);
  EXPECT_EQ(this->rotate({99, kFamiliesPerUserMax + 1}, 1, 2).outcome, RotateOutcome::rotated);
}

TYPED_TEST_P(AccountStoreContract, RehashReplacesOnlyWhatWasRead) {
  const Account a = this->account(1, "a@b");
  ASSERT_EQ(this->create(a), StoreOutcome::done);
  const auto rehash = [&](const std::string& expected, const std::string& hash) {
    return ask_store<StoreOutcome>([&](auto done) { return this->store().rehash(a.id, expected, hash, done); });
  };
  EXPECT_EQ(rehash("hash 1", "better"), StoreOutcome::done);
  EXPECT_EQ(rehash("hash 1", "other"), StoreOutcome::stale);
  EXPECT_EQ(this->find(a.id)->password_hash, "better");
  EXPECT_EQ(this->find(a.id)->epoch, 0u);
}

TYPED_TEST_P(AccountStoreContract, PruneForgetsWhatIsOver) {
  const Account a = this->account(1, "a@b");
  ASSERT_EQ(this->create(a, this->family(1, a.id)), StoreOutcome::done);
  ASSERT_EQ(this->rotate({99, 1}, 1, 2).outcome, RotateOutcome::rotated);
  ASSERT_EQ(this->rotate({99, 1}, 1, 2).outcome, RotateOutcome::reused);
  const auto prune = [&](WallTime before) {
    return ask_store<StoreOutcome>([&](auto done) { return this->store().prune(before, done); });
  };
  EXPECT_EQ(prune(this->kNow), StoreOutcome::done);
  EXPECT_EQ(this->load().revoked.size(), 1u);
  EXPECT_EQ(prune(this->kNow + std::chrono::hours(2)), StoreOutcome::done);
  EXPECT_TRUE(this->load().revoked.empty());
  EXPECT_EQ(this->rotate({99, 1}, 2, 3).outcome, RotateOutcome::unknown);
}

TYPED_TEST_P(AccountStoreContract, SeededBuyersCountUpAndHaveNoPassword) {
  const auto outcome = ask_store<StoreOutcome>([&](auto done) {
    return this->store().seed({{8, 100}, 50, this->kNow}, done);
  });
  EXPECT_EQ(outcome, StoreOutcome::done);
  for (const std::uint64_t n : {100u, 149u}) {
    const auto found = this->find({8, n});
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->password_hash.empty());
    EXPECT_EQ(found->role, Role::buyer);
  }
  EXPECT_FALSE(this->find({8, 150}));
}

TYPED_TEST_P(AccountStoreContract, AccountsAreListedById) {
  for (const std::uint64_t n : {3u, 1u, 2u})
    ASSERT_EQ(this->create(this->account(n, "user" + std::to_string(n) + "@example.com")), StoreOutcome::done);
  const auto list = [&](UserId after, std::size_t limit) {
    std::vector<std::uint64_t> ids;
    for (const Account& a :
         look_up<std::vector<Account>>([&](auto done) { return this->store().list(after, limit, done); }))
      ids.push_back(a.id.lo);
    return ids;
  };
  EXPECT_EQ(list({}, 2), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(list({77, 2}, 2), (std::vector<std::uint64_t>{3}));
  EXPECT_TRUE(list({77, 3}, 2).empty());
}

TYPED_TEST_P(AccountStoreContract, AuditIsPagedNewestFirst) {
  for (int i = 1; i <= 5; ++i)
    ask_store<StoreOutcome>(
        [&](auto done) { return this->store().append_audit(this->entry("act_" + std::to_string(i)), done); });
  ask_store<StoreOutcome>([&](auto done) { return this->store().append_audit(this->entry(""), done); });
  const auto page = this->audit(0, 2);
  ASSERT_EQ(page.size(), 2u);
  EXPECT_EQ(page[0].entry.what, "act_5");
  EXPECT_EQ(page[1].sequence, 4u);
  EXPECT_EQ(this->audit(page[1].sequence, 10).size(), 3u);
  EXPECT_EQ(page[0].entry.from, "192.0.2.1");
  EXPECT_EQ(page[0].entry.after, "{\"a\":1}");
  const auto check = look_up<AuditCheck>([&](auto done) { return this->store().check_audit(done); });
  EXPECT_EQ(check.rows, 5u);
  EXPECT_EQ(check.first_bad, 0u);
}

TYPED_TEST_P(AccountStoreContract, AuditIsSearched) {
  const auto ms = [](int n) { return std::chrono::milliseconds(n); };
  this->write({"ann", "product_paused", "lamp", this->kNow, "192.0.2.1", "", ""});
  this->write({"bob", "product_created", "mug", this->kNow + ms(10), "192.0.2.2", "", ""});
  this->write({"ann", "login_failed", "", this->kNow + ms(20), "192.0.2.2", "", ""});
  this->write({"ann", "product_resumed", "lamp", this->kNow + ms(30), "192.0.2.3", "", ""});
  const auto found = [this](AuditSearch search) {
    std::string sequences;
    for (const AuditRow& row : this->search(search).rows) sequences += std::to_string(row.sequence);
    return sequences;
  };
  EXPECT_EQ(found({}), "4321");
  EXPECT_EQ(found({.who = "ann"}), "431");
  EXPECT_EQ(found({.what = "product_"}), "421");
  EXPECT_EQ(found({.what = "product_paused_more"}), "");
  EXPECT_EQ(found({.target = "lamp"}), "41");
  EXPECT_EQ(found({.from = "192.0.2.2"}), "32");
  EXPECT_EQ(found({.since = this->kNow + ms(10), .until = this->kNow + ms(30)}), "32");
  EXPECT_EQ(found({.before = 4, .who = "ann", .what = "product_"}), "1");
  EXPECT_EQ(found({.who = "an"}), "") << "who is the whole of it";
  EXPECT_EQ(found({.what = "%"}), "") << "no pattern";
}

TYPED_TEST_P(AccountStoreContract, AuditPagesEndWhenNothingIsLeft) {
  for (int i = 1; i <= 4; ++i) this->write(this->entry("act"));
  EXPECT_EQ(this->search({.limit = 4}).next, 0u);
  const AuditPage two = this->search({.limit = 2});
  EXPECT_EQ(two.next, 3u);
  const AuditPage rest = this->search({.before = two.next, .limit = 2});
  EXPECT_EQ(rest.rows.size(), 2u);
  EXPECT_EQ(rest.next, 0u);
}

TYPED_TEST_P(AccountStoreContract, AuditNamesTheAccount) {
  const Account ann = this->account(1, "ann@example.com");
  ASSERT_EQ(this->create(ann), StoreOutcome::done);
  this->write({to_string(ann.id), "product_paused", "lamp", this->kNow, "", "", ""});
  this->write({"system", "product_paused", "lamp", this->kNow, "", "", ""});
  const auto rows = this->audit();
  EXPECT_EQ(rows.at(0).who_email, "");
  EXPECT_EQ(rows.at(1).who_email, "ann@example.com");
}

TYPED_TEST_P(AccountStoreContract, SettingIsReplacedByItsKey) {
  for (const char* json : {"{\"login\":\"off\"}", "{\"login\":\"5/60s\"}"})
    EXPECT_EQ(ask_store<StoreOutcome>([&](auto done) {
                return this->store().put_setting({"rate_limits", json}, this->entry("set"), done);
              }),
              StoreOutcome::done);
  const auto all = look_up<std::vector<Setting>>([&](auto done) { return this->store().settings(done); });
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].json, "{\"login\":\"5/60s\"}");
}

REGISTER_TYPED_TEST_SUITE_P(AccountStoreContract, AccountIsFoundByIdAndByEmailWhateverItsCase,
                            EmailIsTakenOnceWhateverItsCase, RefreshTokenWorksOnceAndItsReuseRevokesTheFamily,
                            SameRotationAgainIsForgivenForAWhileAndChangesNothing,
                            SameRotationTooLateOrToAnotherTokenIsReuse, GuessingATokenChangesNothing,
                            RefreshTokenExpiresAndEachUseExtendsIt, PasswordChangeKeepsOneLoginAndRaisesTheEpoch,
                            DisabledAccountHasNoLogins, RoleAndLogoutEverywhereRaiseTheEpoch,
                            LogoutRevokesOneFamilyAlsoAnUnknownOne, OldestLoginGivesWayToTheNewest,
                            RehashReplacesOnlyWhatWasRead, PruneForgetsWhatIsOver, SeededBuyersCountUpAndHaveNoPassword,
                            AccountsAreListedById, AuditIsPagedNewestFirst, AuditIsSearched,
                            AuditPagesEndWhenNothingIsLeft, AuditNamesTheAccount, SettingIsReplacedByItsKey);

}  // namespace scalemart::test
