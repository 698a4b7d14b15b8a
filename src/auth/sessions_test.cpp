#include "auth/sessions.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "port/account_store_memory.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

constexpr const char* kPassword = "purple-Tractor-19";
constexpr const char* kOther = "orange-Bicycle-20";

class SessionsTest : public ::testing::Test {
 protected:
  static AuthAnswer wait(const std::function<void(AuthDone)>& ask) {
    auto promise = std::make_shared<std::promise<AuthAnswer>>();
    auto future = promise->get_future();
    ask([promise](AuthAnswer answer) { promise->set_value(std::move(answer)); });
    return future.get();
  }
  AuthAnswer registered(const std::string& email = "ann@example.com", const std::string& password = kPassword) {
    return wait([&](AuthDone done) {
      sessions_.register_buyer({email, password, "Ann"}, "192.0.2.1", std::move(done));
    });
  }
  AuthAnswer logged_in(const std::string& email = "ann@example.com", const std::string& password = kPassword) {
    return wait([&](AuthDone done) { sessions_.login(email, password, "192.0.2.1", std::move(done)); });
  }
  AuthAnswer refreshed(const std::string& token, TokenKeeper keeper = TokenKeeper::client) {
    return wait([&](AuthDone done) { sessions_.refresh(token, keeper, "192.0.2.1", std::move(done)); });
  }
  AuthAnswer by_cookie(const std::string& token) { return refreshed(token, TokenKeeper::browser); }
  AuthOutcome password_changed(const Principal& who, const std::string& from, const std::string& to) {
    return wait([&](AuthDone done) { sessions_.change_password(who, from, to, "", std::move(done)); }).outcome;
  }
  Verified verified(const AuthAnswer& answer) { return verifier_.verify(answer.access_token, clock_.wall()); }
  bool alive(const AuthAnswer& answer) { return std::holds_alternative<Principal>(verified(answer)); }
  Principal principal(const AuthAnswer& answer) { return std::get<Principal>(verified(answer)); }
  std::vector<AuditRow> audit() {
    std::vector<AuditRow> rows;
    EXPECT_TRUE(store_.audit_page({.limit = 100}, [&](Result<AuditPage> page) { rows = std::move(page->rows); }));
    return rows;
  }
  Principal admin() {
    const AuthAnswer made = sessions_.create_user_now({"root@example.com", kPassword, "Root"}, Role::admin);
    EXPECT_EQ(made.outcome, AuthOutcome::done);
    return {made.user.id, Role::admin, {}, {}};
  }

  ManualClock clock_;
  SeededRandom random_{21}, salts_{22};
  test::MemoryAccountStore store_;
  std::unique_ptr<KeyRing> ring_ = *KeyRing::from_secret("pQ7vX2mZ9rT4wK8sD1fG6hJ3lB5nC0yE");
  TokenSigner signer_{*ring_};
  Revocations revocations_;
  Admins admins_;
  TokenVerifier verifier_{*ring_, revocations_, 1024};
  PasswordPool passwords_{{.cost = {.memory_kib = 8, .passes = 1, .lanes = 1}, .threads = 2, .queue_max = 64}, salts_};
  Sessions sessions_{{}, store_, passwords_, signer_, revocations_, admins_, clock_, random_};
};

TEST_F(SessionsTest, RegistrationIsALogin) {
  const AuthAnswer answer = registered("Ann@Example.com");
  ASSERT_EQ(answer.outcome, AuthOutcome::done);
  EXPECT_EQ(answer.user.email, "ann@example.com");
  EXPECT_EQ(answer.user.name, "Ann");
  EXPECT_EQ(answer.user.role, Role::buyer);
  EXPECT_EQ(answer.expires_in, 15min);
  EXPECT_EQ(principal(answer).user, answer.user.id);
  EXPECT_EQ(refreshed(answer.refresh_token).outcome, AuthOutcome::done);
  EXPECT_EQ(wait([&](AuthDone done) { sessions_.me(answer.user.id, std::move(done)); }).user.email, "ann@example.com");
  ASSERT_EQ(audit().size(), 1u);
  EXPECT_EQ(audit()[0].entry.what, "registered");
  EXPECT_EQ(audit()[0].entry.from, "192.0.2.1");
}

TEST_F(SessionsTest, RegistrationRefusesWhatIsWrong) {
  ASSERT_EQ(registered().outcome, AuthOutcome::done);
  EXPECT_EQ(registered("ANN@example.com").outcome, AuthOutcome::email_taken);
  EXPECT_EQ(registered("ann").outcome, AuthOutcome::invalid_email);
  for (const char* unwritable : {"<ann@example.com>", "ann@example..com", ".ann@example.com", "ann@[127.0.0.1]",
                                 "ann;bob@example.com", "m\xc3\xbcller@example.com"})
    EXPECT_EQ(registered(unwritable).outcome, AuthOutcome::invalid_email) << unwritable;
  EXPECT_EQ(registered("b@c", "short").outcome, AuthOutcome::password_length);
  EXPECT_EQ(registered("b@c", std::string(129, 'x')).outcome, AuthOutcome::password_length);
  EXPECT_EQ(registered("b@c", "password123").outcome, AuthOutcome::weak_password);
  EXPECT_EQ(registered("bob.builder@c", "Bob.Builder@C").outcome, AuthOutcome::weak_password);
  EXPECT_EQ(wait([&](AuthDone done) {
              sessions_.register_buyer({"b@c", kPassword, "a\nb"}, "", std::move(done));
            }).outcome,
            AuthOutcome::invalid_name);
}

TEST_F(SessionsTest, LoginTellsNobodyWhatWasWrong) {
  const AuthAnswer made = registered();
  EXPECT_EQ(logged_in("ANN@EXAMPLE.COM").outcome, AuthOutcome::done);
  EXPECT_EQ(logged_in("ann@example.com", kOther).outcome, AuthOutcome::invalid_credentials);
  EXPECT_EQ(logged_in("nobody@example.com").outcome, AuthOutcome::invalid_credentials);
  EXPECT_EQ(logged_in("not an address").outcome, AuthOutcome::invalid_credentials);
  EXPECT_EQ(logged_in("ann@example.com", "").outcome, AuthOutcome::invalid_credentials);
  EXPECT_EQ(logged_in("ann@example.com", std::string(1'000'000, 'x')).outcome, AuthOutcome::invalid_credentials);
  ASSERT_EQ(
      wait([&](AuthDone done) { sessions_.set_disabled(admin(), made.user.id, true, "", std::move(done)); }).outcome,
      AuthOutcome::done);
  EXPECT_EQ(logged_in().outcome, AuthOutcome::invalid_credentials);
}

TEST_F(SessionsTest, FailedLoginsAreAuditedInBoundedNumber) {
  const AuthAnswer made = registered();
  for (std::uint32_t i = 0; i < kFailedLoginAuditsPerSecond + 15; ++i) (void)logged_in("ann@example.com", kOther);
  clock_.advance(1s);
  (void)logged_in("nobody@example.com", kOther);
  const auto rows = audit();
  ASSERT_EQ(rows.size(), 1 + kFailedLoginAuditsPerSecond + 1);
  EXPECT_EQ(rows[0].entry.target, "");
  EXPECT_EQ(rows[0].entry.after, R"({"not_written_before":15})");
  EXPECT_EQ(rows[1].entry.what, "login_failed");
  EXPECT_EQ(rows[1].entry.target, to_string(made.user.id));
}

TEST_F(SessionsTest, RefreshTokenIsGoodOnceAndReuseEndsTheLogin) {
  const AuthAnswer first = registered();
  const AuthAnswer elsewhere = logged_in();
  const AuthAnswer second = refreshed(first.refresh_token);
  ASSERT_EQ(second.outcome, AuthOutcome::done);
  EXPECT_NE(second.refresh_token, first.refresh_token);
  EXPECT_TRUE(alive(second));
  EXPECT_EQ(refreshed(first.refresh_token).outcome, AuthOutcome::token_reused);
  EXPECT_EQ(refreshed(second.refresh_token).outcome, AuthOutcome::invalid_token);
  EXPECT_FALSE(alive(first)) << "access tokens of the login end at once";
  EXPECT_FALSE(alive(second));
  EXPECT_TRUE(alive(elsewhere)) << "another login of the user goes on";
  EXPECT_EQ(audit()[0].entry.what, "refresh_token_reused");
}

TEST_F(SessionsTest, TwoParallelRefreshesHaveOneWinnerAndNoSurvivor) {
  for (int round = 0; round < 50; ++round) {
    const AuthAnswer login = registered("ann" + std::to_string(round) + "@example.com");
    std::vector<AuthAnswer> answers(2);
    std::vector<std::thread> threads;
    for (AuthAnswer& answer : answers) threads.emplace_back([&] { answer = refreshed(login.refresh_token); });
    for (std::thread& t : threads) t.join();
    const bool first_won = answers[0].outcome == AuthOutcome::done;
    EXPECT_EQ(answers[first_won ? 0 : 1].outcome, AuthOutcome::done);
    EXPECT_EQ(answers[first_won ? 1 : 0].outcome, AuthOutcome::token_reused);
    EXPECT_FALSE(alive(answers[first_won ? 0 : 1]));
    EXPECT_EQ(refreshed(answers[first_won ? 0 : 1].refresh_token).outcome, AuthOutcome::invalid_token);
  }
}

TEST_F(SessionsTest, BrowserThatLostTheAnswerGetsItAgain) {
  const AuthAnswer first = registered();
  const AuthAnswer lost = by_cookie(first.refresh_token);
  ASSERT_EQ(lost.outcome, AuthOutcome::done);
  EXPECT_NE(lost.refresh_token, first.refresh_token);
  clock_.advance(kLostAnswerGrace);
  const AuthAnswer again = by_cookie(first.refresh_token);
  ASSERT_EQ(again.outcome, AuthOutcome::done);
  EXPECT_EQ(again.refresh_token, lost.refresh_token) << "one successor, whichever answer the cookie jar took last";
  EXPECT_TRUE(alive(again));
  EXPECT_TRUE(alive(lost));
  const AuthAnswer next = by_cookie(again.refresh_token);
  EXPECT_EQ(next.outcome, AuthOutcome::done);
  EXPECT_NE(next.refresh_token, again.refresh_token);
  EXPECT_EQ(audit().size(), 1u) << "nothing happened that anybody must know";
}

TEST_F(SessionsTest, BrowsersReuseEndsTheLoginWhenItIsNoLostAnswer) {
  const AuthAnswer late = registered("a@b"), older = registered("b@c"), body = registered("c@d"),
                   mixed = registered("d@e");
  ASSERT_EQ(by_cookie(late.refresh_token).outcome, AuthOutcome::done);
  const AuthAnswer second = by_cookie(older.refresh_token);
  ASSERT_EQ(by_cookie(second.refresh_token).outcome, AuthOutcome::done);
  EXPECT_EQ(by_cookie(older.refresh_token).outcome, AuthOutcome::token_reused) << "not the token before, an older one";
  EXPECT_EQ(by_cookie(second.refresh_token).outcome, AuthOutcome::invalid_token);
  ASSERT_EQ(by_cookie(body.refresh_token).outcome, AuthOutcome::done);
  EXPECT_EQ(refreshed(body.refresh_token).outcome, AuthOutcome::token_reused) << "a program is forgiven nothing";
  ASSERT_EQ(refreshed(mixed.refresh_token).outcome, AuthOutcome::done);
  EXPECT_EQ(by_cookie(mixed.refresh_token).outcome, AuthOutcome::token_reused) << "nor by showing it as a cookie";
  clock_.advance(kLostAnswerGrace + 1ms);
  EXPECT_EQ(by_cookie(late.refresh_token).outcome, AuthOutcome::token_reused);
  EXPECT_FALSE(alive(late));
}

TEST_F(SessionsTest, LogoutLeavesNothingToRepeat) {
  const AuthAnswer login = registered();
  const AuthAnswer next = by_cookie(login.refresh_token);
  (void)wait([&](AuthDone done) { sessions_.logout(principal(next), "", std::move(done)); });
  EXPECT_EQ(by_cookie(login.refresh_token).outcome, AuthOutcome::invalid_token);
  EXPECT_EQ(by_cookie(next.refresh_token).outcome, AuthOutcome::invalid_token);
}

TEST_F(SessionsTest, ParallelRefreshesOfABrowserHaveOneSuccessor) {
  const AuthAnswer login = registered();
  std::vector<AuthAnswer> answers(8);
  std::vector<std::thread> threads;
  for (AuthAnswer& answer : answers) threads.emplace_back([&] { answer = by_cookie(login.refresh_token); });
  for (std::thread& t : threads) t.join();
  for (const AuthAnswer& answer : answers) {
    EXPECT_EQ(answer.outcome, AuthOutcome::done);
    EXPECT_EQ(answer.refresh_token, answers[0].refresh_token);
    EXPECT_TRUE(alive(answer));
  }
}

TEST_F(SessionsTest, SuccessorNeedsTheServersKey) {
  const AuthAnswer login = registered();
  const std::string here = by_cookie(login.refresh_token).refresh_token;
  auto other = *KeyRing::from_secret("zQ7vX2mZ9rT4wK8sD1fG6hJ3lB5nC0yE");
  TokenSigner signer(*other);
  Sessions elsewhere({}, store_, passwords_, signer, revocations_, admins_, clock_, random_);
  const AuthAnswer there =
      wait([&](AuthDone done) { elsewhere.refresh(login.refresh_token, TokenKeeper::browser, "", std::move(done)); });
  EXPECT_EQ(there.outcome, AuthOutcome::token_reused) << "another key, another successor: not a repetition";
  EXPECT_FALSE(here.empty());
}

TEST_F(SessionsTest, GuessedRefreshTokensRevokeNothing) {
  const AuthAnswer login = registered();
  const std::string& token = login.refresh_token;
  for (std::string bad :
       {std::string(), std::string("smr_"), std::string("x"), token + "A", token.substr(0, token.size() - 1),
        token.substr(4), std::string(100'000, 'A'), login.access_token})
    EXPECT_EQ(refreshed(bad).outcome, AuthOutcome::invalid_token) << bad.substr(0, 20);
  // Right family, wrong secret and token: what somebody who saw an access token could try.
  std::string guess = token;
  for (std::size_t i = 4 + 24; i < 4 + 40; ++i) guess[i] = 'B';
  EXPECT_EQ(refreshed(guess).outcome, AuthOutcome::invalid_token);
  EXPECT_TRUE(alive(login));
  EXPECT_EQ(refreshed(token).outcome, AuthOutcome::done);
}

TEST_F(SessionsTest, RefreshTokenIsNoAccessTokenAndExpires) {
  const AuthAnswer login = registered();
  EXPECT_TRUE(std::holds_alternative<TokenError>(verifier_.verify(login.refresh_token, clock_.wall())));
  clock_.advance(std::chrono::days(30));
  EXPECT_EQ(refreshed(login.refresh_token).outcome, AuthOutcome::token_expired);
}

TEST_F(SessionsTest, LogoutEndsThisLoginAtOnce) {
  const AuthAnswer here = registered();
  const AuthAnswer there = logged_in();
  ASSERT_TRUE(alive(here));
  EXPECT_EQ(wait([&](AuthDone done) { sessions_.logout(principal(here), "", std::move(done)); }).outcome,
            AuthOutcome::done);
  EXPECT_FALSE(alive(here));
  EXPECT_EQ(refreshed(here.refresh_token).outcome, AuthOutcome::invalid_token);
  EXPECT_TRUE(alive(there));
  EXPECT_EQ(refreshed(there.refresh_token).outcome, AuthOutcome::done);
}

TEST_F(SessionsTest, LogoutEverywhereEndsEveryLoginAndTheNextOneWorks) {
  const AuthAnswer here = registered();
  const AuthAnswer there = logged_in();
  EXPECT_EQ(wait([&](AuthDone done) { sessions_.logout_everywhere(principal(here), "", std::move(done)); }).outcome,
            AuthOutcome::done);
  for (const AuthAnswer& old : {here, there}) {
    EXPECT_FALSE(alive(old));
    EXPECT_EQ(refreshed(old.refresh_token).outcome, AuthOutcome::invalid_token);
  }
  EXPECT_TRUE(alive(logged_in()));
}

TEST_F(SessionsTest, PasswordChangeEndsTheOthersAndKeepsThisLoginsRefreshToken) {
  const AuthAnswer here = registered();
  const AuthAnswer there = logged_in();
  const Principal who = principal(here);
  EXPECT_EQ(password_changed(who, kOther, "a brand new one 7"), AuthOutcome::invalid_credentials);
  EXPECT_EQ(password_changed(who, kPassword, "short"), AuthOutcome::password_length);
  EXPECT_EQ(password_changed(who, kPassword, "password1"), AuthOutcome::weak_password);
  EXPECT_TRUE(alive(here) && alive(there));
  const AuthAnswer changed =
      wait([&](AuthDone done) { sessions_.change_password(who, kPassword, kOther, "", std::move(done)); });
  ASSERT_EQ(changed.outcome, AuthOutcome::done);
  EXPECT_TRUE(alive(changed));
  EXPECT_FALSE(alive(here)) << "issued before the change";
  EXPECT_FALSE(alive(there));
  EXPECT_EQ(refreshed(there.refresh_token).outcome, AuthOutcome::invalid_token);
  const AuthAnswer next = refreshed(here.refresh_token);
  EXPECT_EQ(next.outcome, AuthOutcome::done);
  EXPECT_TRUE(alive(next));
  EXPECT_EQ(logged_in().outcome, AuthOutcome::invalid_credentials);
  EXPECT_EQ(logged_in("ann@example.com", kOther).outcome, AuthOutcome::done);
}

TEST_F(SessionsTest, DisablingEndsEverythingAtOnce) {
  const AuthAnswer login = registered();
  ASSERT_TRUE(alive(login));
  const Principal by = admin();
  EXPECT_EQ(wait([&](AuthDone done) { sessions_.set_disabled(by, login.user.id, true, "", std::move(done)); }).outcome,
            AuthOutcome::done);
  EXPECT_FALSE(alive(login));
  EXPECT_EQ(refreshed(login.refresh_token).outcome, AuthOutcome::invalid_token);
  EXPECT_EQ(wait([&](AuthDone done) { sessions_.set_disabled(by, by.user, true, "", std::move(done)); }).outcome,
            AuthOutcome::last_admin);
  EXPECT_EQ(wait([&](AuthDone done) {
              sessions_.set_disabled(by, {1, 1}, true, "", std::move(done));
            }).outcome,
            AuthOutcome::not_found);
}

TEST_F(SessionsTest, RoleChangesAtOnce) {
  const AuthAnswer login = registered();
  const Principal by = admin();
  const auto set = [&](Role role) {
    return wait([&](AuthDone done) { sessions_.set_role(by, login.user.id, role, "", std::move(done)); }).outcome;
  };
  EXPECT_TRUE(admins_.contains(by.user));
  EXPECT_FALSE(admins_.contains(login.user.id));
  EXPECT_EQ(set(Role::admin), AuthOutcome::done);
  EXPECT_TRUE(admins_.contains(login.user.id));
  const AuthAnswer next = refreshed(login.refresh_token);
  EXPECT_EQ(principal(next).role, Role::admin);
  EXPECT_EQ(set(Role::buyer), AuthOutcome::done);
  EXPECT_FALSE(admins_.contains(login.user.id));
  EXPECT_FALSE(alive(next)) << "no token states the old role";
}

TEST_F(SessionsTest, RestartRemembersRevocationsAndAdmins) {
  const AuthAnswer gone = registered();
  const AuthAnswer changed = registered("bob@example.com");
  const AuthAnswer kept = registered("eve@example.com");
  const Principal root = admin();
  (void)wait([&](AuthDone done) { sessions_.logout(principal(gone), "", std::move(done)); });
  (void)wait([&](AuthDone done) { sessions_.logout_everywhere(principal(changed), "", std::move(done)); });
  Revocations revocations;
  Admins admins;
  Sessions again({}, store_, passwords_, signer_, revocations, admins, clock_, random_);
  ASSERT_TRUE(again.start());
  TokenVerifier verifier(*ring_, revocations, 16);
  EXPECT_TRUE(std::holds_alternative<TokenError>(verifier.verify(gone.access_token, clock_.wall())));
  EXPECT_TRUE(std::holds_alternative<TokenError>(verifier.verify(changed.access_token, clock_.wall())));
  EXPECT_TRUE(std::holds_alternative<Principal>(verifier.verify(kept.access_token, clock_.wall())));
  EXPECT_TRUE(admins.contains(root.user));
  EXPECT_EQ(admins.size(), 1u);
}

TEST_F(SessionsTest, SweepForgetsRevocationsWhoseTokensHaveExpired) {
  const AuthAnswer login = registered();
  (void)wait([&](AuthDone done) { sessions_.logout(principal(login), "", std::move(done)); });
  EXPECT_EQ(revocations_.size(), 1u);
  clock_.advance(15min);
  sessions_.sweep();
  EXPECT_EQ(revocations_.size(), 1u);
  clock_.advance(2min);
  sessions_.sweep();
  EXPECT_EQ(revocations_.size(), 0u);
  EXPECT_FALSE(alive(login));
}

TEST_F(SessionsTest, FullQueueFullDiskAndSilentStoreEachHaveTheirAnswer) {
  const AuthAnswer login = registered();
  const Principal who = principal(login);
  store_.set_no_space(true);
  EXPECT_EQ(registered("b@c").outcome, AuthOutcome::read_only);
  EXPECT_EQ(logged_in().outcome, AuthOutcome::read_only);
  EXPECT_EQ(refreshed(login.refresh_token).outcome, AuthOutcome::read_only);
  EXPECT_EQ(wait([&](AuthDone done) { sessions_.logout(who, "", std::move(done)); }).outcome, AuthOutcome::read_only);
  EXPECT_TRUE(alive(login));
  store_.set_no_space(false);
  store_.set_unavailable(true);
  EXPECT_EQ(registered("b@c").outcome, AuthOutcome::unavailable);
  EXPECT_EQ(logged_in().outcome, AuthOutcome::unavailable);
  EXPECT_EQ(refreshed(login.refresh_token).outcome, AuthOutcome::unavailable);
  EXPECT_EQ(wait([&](AuthDone done) { sessions_.me(who.user, std::move(done)); }).outcome, AuthOutcome::unavailable);
  EXPECT_FALSE(sessions_.start());
  EXPECT_TRUE(alive(login));
  store_.set_unavailable(false);
  store_.set_full(true);
  EXPECT_EQ(registered("b@c").outcome, AuthOutcome::overloaded);
  EXPECT_EQ(logged_in().outcome, AuthOutcome::overloaded);
  EXPECT_EQ(refreshed(login.refresh_token).outcome, AuthOutcome::overloaded);
  EXPECT_EQ(wait([&](AuthDone done) { sessions_.logout(who, "", std::move(done)); }).outcome, AuthOutcome::overloaded);
  EXPECT_EQ(password_changed(who, kPassword, kOther), AuthOutcome::overloaded);
  EXPECT_FALSE(sessions_.start());
  store_.set_full(false);
  EXPECT_EQ(refreshed(login.refresh_token).outcome, AuthOutcome::done) << "nothing was lost";
}

TEST_F(SessionsTest, LoginStormIsRefusedBeyondThePoolsQueue) {
  ASSERT_EQ(registered().outcome, AuthOutcome::done);
  std::promise<void> gate;
  const std::shared_future<void> open = gate.get_future().share();
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(passwords_.verify("x", "", [open](const PasswordPool::Check&) { open.wait(); }));
  std::atomic<int> overloaded{0}, done{0};
  constexpr int kStorm = 300;
  for (int i = 0; i < kStorm; ++i)
    sessions_.login("ann@example.com", kPassword, "", [&](const AuthAnswer& answer) {
      ++(answer.outcome == AuthOutcome::overloaded ? overloaded : done);
    });
  EXPECT_GE(overloaded.load(), kStorm - 64);
  gate.set_value();
  passwords_.stop();
  EXPECT_EQ(overloaded.load() + done.load(), kStorm) << "each is answered exactly once";
  EXPECT_GE(done.load(), 62);
}

TEST_F(SessionsTest, LoginBegunBeforeAPasswordChangeDoesNotSurviveIt) {
  const AuthAnswer login = registered();
  // The password has been verified, then everything is revoked, then the login wants to be opened.
  std::optional<Account> before;
  ASSERT_TRUE(
      store_.find(login.user.id, [&](Result<std::optional<Account>> account) { before = std::move(*account); }));
  (void)wait([&](AuthDone done) { sessions_.logout_everywhere(principal(login), "", std::move(done)); });
  StoreOutcome outcome = StoreOutcome::done;
  ASSERT_TRUE(store_.open_family({{9, 9}, login.user.id, {}, {}, clock_.wall(), clock_.wall() + 1h}, before->epoch, {},
                                 [&](StoreOutcome o) { outcome = o; }));
  EXPECT_EQ(outcome, StoreOutcome::stale);
}

TEST_F(SessionsTest, NewsFromElsewhereTakeEffectAndOldOnesDoNot) {
  const AuthAnswer login = registered();
  const UserId user = login.user.id;
  sessions_.learn({.users = {{user, 0, false}}, .revoked = {}, .settings = {}});
  EXPECT_TRUE(alive(login)) << "nothing new";
  sessions_.learn({.users = {{user, 2, true}}, .revoked = {}, .settings = {}});
  EXPECT_FALSE(alive(login));
  EXPECT_TRUE(admins_.contains(user));
  sessions_.learn({.users = {{user, 1, false}}, .revoked = {}, .settings = {}});
  EXPECT_TRUE(admins_.contains(user)) << "an older epoch came late";
  sessions_.learn({.users = {{user, 3, false}}, .revoked = {}, .settings = {}});
  EXPECT_FALSE(admins_.contains(user));
  const AuthAnswer other = registered("bob@example.com");
  sessions_.learn({.users = {}, .revoked = {principal(other).family}, .settings = {}});
  EXPECT_FALSE(alive(other));
}

TEST_F(SessionsTest, FirstAdminIsMadeOnceAndNobodyIsPromotedByHisAddress) {
  const auto made = sessions_.ensure_admin("Root@Example.com", kPassword);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(*made);
  EXPECT_FALSE(*sessions_.ensure_admin("root@example.com", kOther));
  const AuthAnswer login = logged_in("root@example.com");
  EXPECT_EQ(login.user.role, Role::admin);
  EXPECT_TRUE(admins_.contains(login.user.id));
  ASSERT_EQ(registered("mallory@example.com").outcome, AuthOutcome::done);
  EXPECT_FALSE(sessions_.ensure_admin("mallory@example.com", kPassword));
  EXPECT_FALSE(sessions_.ensure_admin("new@example.com", "password"));
  EXPECT_FALSE(sessions_.ensure_admin("nonsense", kPassword));
}

TEST_F(SessionsTest, SeededBuyersHoldGoodTokensAndCannotLogIn) {
  std::vector<std::pair<UserId, std::string>> made;
  ASSERT_TRUE(
      sessions_.seed_buyers(250, 24h, [&](UserId user, std::string_view token) { made.emplace_back(user, token); }));
  ASSERT_EQ(made.size(), 250u);
  clock_.advance(23h);
  for (const auto& [user, token] : made) {
    const Verified verified = verifier_.verify(token, clock_.wall());
    ASSERT_TRUE(std::holds_alternative<Principal>(verified));
    EXPECT_EQ(std::get<Principal>(verified).user, user);
  }
  EXPECT_EQ(logged_in(to_string(made[0].first) + "@load.invalid", "").outcome, AuthOutcome::invalid_credentials);
  EXPECT_EQ(logged_in(to_string(made[0].first) + "@load.invalid").outcome, AuthOutcome::invalid_credentials);
}

}  // namespace
}  // namespace scalemart
