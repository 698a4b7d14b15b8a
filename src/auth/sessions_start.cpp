// What Sessions does for the start and the command line: these wait for the store.
#include <algorithm>

#include "auth/email.hpp"
#include "auth/session_answers.hpp"
#include "auth/sessions.hpp"
#include "base/await.hpp"

namespace scalemart {
namespace {

Error busy() {
  return error("the account store is busy; try again");
}

using Found = Result<std::optional<Account>>;

Error failed(AuthOutcome outcome) {
  return error("the account was not created: " + std::string(to_text(outcome)));
}

}  // namespace

Result<void> Sessions::start() {
  const WallTime since = clock_.wall() + -kTokenLifetimeMax + -kRevocationMargin;
  // Held over the question: what is learned meanwhile is newer, and comes after.
  const std::lock_guard lock(effects_mutex_);
  const auto loaded = await<Result<AuthState>>([&](auto done) { return store_.load(since, std::move(done)); });
  if (!loaded) return busy();
  const Result<AuthState>& state = *loaded;
  if (!state) return state.error();
  admins_.replace(state->admins);
  for (const AuthState::User& user : state->epochs)
    revocations_.revoke_user(user.id, user.epoch, user.at + kTokenLifetimeMax + kRevocationMargin);
  for (const AuthState::Family& family : state->revoked)
    revocations_.revoke_family(family.id, family.at + kTokenLifetimeMax + kRevocationMargin);
  return {};
}

AuthAnswer Sessions::create_user_now(Registration registration, Role role) {
  const auto answer = await<AuthAnswer>([&](AuthDone done) {
    create_user(std::move(registration), role, false, "", std::move(done));
    return true;
  });
  return *answer;
}

AuthOutcome Sessions::set_password_now(UserId user, std::string password) {
  const auto answer = await<Found>([&](auto done) { return store_.find(user, std::move(done)); });
  if (!answer) return AuthOutcome::overloaded;
  const Found& found = *answer;
  if (!found) return AuthOutcome::unavailable;
  if (!found->has_value()) return AuthOutcome::not_found;
  if (!has_password_length(password)) return AuthOutcome::password_length;
  if (fault_of_password(password, (*found)->email) != PasswordFault::none) return AuthOutcome::weak_password;
  const auto phc = await<std::string>([&](auto done) { return passwords_.hash(std::move(password), std::move(done)); });
  if (!phc) return AuthOutcome::overloaded;
  const WallTime now = clock_.wall();
  AuditEntry audit{"system", "password_set", to_string(user), now, "", "", ""};
  const auto changed = await<EpochChange>([&](auto done) {
    return store_.change_password({user, (*found)->password_hash, *phc, FamilyId{}, now}, std::move(audit),
                                  std::move(done));
  });
  if (!changed || changed->outcome == StoreOutcome::stale) return AuthOutcome::overloaded;
  if (changed->outcome != StoreOutcome::done) return to_auth(changed->outcome);
  put_into_effect(changed->account);
  return AuthOutcome::done;
}

Result<bool> Sessions::ensure_admin(std::string email, std::string password) {
  const auto normalised = normalise_email(email);
  if (!normalised) return failed(AuthOutcome::invalid_email);
  const auto asked = await<Found>([&](auto done) { return store_.find_by_email(*normalised, std::move(done)); });
  if (!asked) return busy();
  const Found& found = *asked;
  if (!found) return found.error();
  if (found->has_value()) {
    // Whoever registered it first knows its password: an address alone makes nobody an administrator.
    if ((*found)->role != Role::admin) return error("there is an account " + *normalised + " that is no administrator");
    return false;
  }
  const AuthAnswer answer = create_user_now({std::move(email), std::move(password), "Administrator"}, Role::admin);
  if (answer.outcome != AuthOutcome::done) return failed(answer.outcome);
  return true;
}

Result<void> Sessions::seed_buyers(std::uint32_t count, std::chrono::seconds lifetime,
                                   const std::function<void(UserId, std::string_view token)>& each) {
  for (std::uint32_t made = 0; made < count;) {
    const std::uint32_t portion = std::min(count - made, kSeedMax);
    const WallTime now = clock_.wall();
    const FamilyId chance = fresh_family_id();
    const UserId first{chance.hi, chance.lo >> 1};  // room to count up
    const auto outcome = await<StoreOutcome>([&](auto done) {
      return store_.seed({first, portion, now}, std::move(done));
    });
    if (!outcome) return busy();
    if (*outcome != StoreOutcome::done)
      return error("the buyers were not created: " + std::string(to_text(to_auth(*outcome))));
    for (std::uint32_t i = 0; i < portion; ++i) {
      const UserId user{first.hi, first.lo + i};
      each(user, signer_.sign({user, fresh_family_id(), Role::buyer, 0}, now, lifetime));
    }
    made += portion;
  }
  AuditEntry audit{"system", "buyers_seeded", "", clock_.wall(), "", "", R"({"count":)" + std::to_string(count) + "}"};
  const auto written =
      await<StoreOutcome>([&](auto done) { return store_.append_audit(std::move(audit), std::move(done)); });
  if (!written) return busy();
  return {};
}

}  // namespace scalemart
