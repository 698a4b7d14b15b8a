#include "auth/sessions.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <utility>

#include "auth/base64url.hpp"
#include "auth/email.hpp"
#include "auth/hmac.hpp"
#include "auth/session_answers.hpp"
#include "base/check.hpp"
#include "domain/mail_address.hpp"

namespace scalemart {
namespace {

constexpr std::string_view kRefreshPrefix = "smr_";  // lets secret scanners recognise a leaked one

/// What a refresh token carries.
struct RefreshParts {
  FamilyId family;
  std::array<std::byte, 16> secret{};
  std::array<std::byte, 32> token{};
};
constexpr std::size_t kRefreshBytes = 64;

std::string encode_refresh(const RefreshParts& parts) {
  std::array<char, kRefreshBytes> bytes;
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<char>(parts.family.hi >> (56 - 8 * i));
    bytes[8 + i] = static_cast<char>(parts.family.lo >> (56 - 8 * i));
  }
  std::memcpy(bytes.data() + 16, parts.secret.data(), parts.secret.size());
  std::memcpy(bytes.data() + 32, parts.token.data(), parts.token.size());
  std::string text(kRefreshPrefix);
  base64url_append(text, {bytes.data(), bytes.size()});
  return text;
}

std::optional<RefreshParts> decode_refresh(std::string_view text) {
  if (!text.starts_with(kRefreshPrefix)) return std::nullopt;
  std::array<char, kRefreshBytes> bytes;
  if (base64url_decode(text.substr(kRefreshPrefix.size()), bytes.data(), bytes.size()) != kRefreshBytes)
    return std::nullopt;
  RefreshParts parts;
  for (std::size_t i = 0; i < 8; ++i) {
    parts.family.hi = parts.family.hi << 8 | static_cast<unsigned char>(bytes[i]);
    parts.family.lo = parts.family.lo << 8 | static_cast<unsigned char>(bytes[8 + i]);
  }
  std::memcpy(parts.secret.data(), bytes.data() + 16, parts.secret.size());
  std::memcpy(parts.token.data(), bytes.data() + 32, parts.token.size());
  return parts;
}

template <std::size_t N>
Digest256 digest_of(const std::array<std::byte, N>& bytes) {
  return sha256({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

Sessions::Sessions(SessionOptions options, AccountStore& store, PasswordPool& passwords, const TokenSigner& signer,
                   Revocations& revocations, Admins& admins, const Clock& clock, Random& random)
    : options_(options),
      store_(store),
      passwords_(passwords),
      signer_(signer),
      revocations_(revocations),
      admins_(admins),
      clock_(clock),
      random_(random) {
  SCALEMART_CHECK(options_.access_lifetime >= std::chrono::seconds(1) && options_.access_lifetime <= kTokenLifetimeMax);
  SCALEMART_CHECK(options_.refresh_lifetime > std::chrono::seconds(0));
}

void Sessions::sweep() {
  const WallTime now = clock_.wall();
  revocations_.sweep(now);
  // A full queue only means: next time.
  static_cast<void>(store_.prune(now + -kTokenLifetimeMax + -kRevocationMargin, [](StoreOutcome) {}));
}

// --- registering and logging in --------------------------------------------------------------------------

void Sessions::register_buyer(Registration registration, std::string from, AuthDone done) {
  create_user(std::move(registration), Role::buyer, true, std::move(from), std::move(done));
}

void Sessions::create_user(Registration registration, Role role, bool with_login, std::string from, AuthDone done) {
  auto email = normalise_email(registration.email);
  // An address that cannot be written to would make a dead letter of each order's mail.
  if (!email || !is_mail_address(*email)) return done(refuse(AuthOutcome::invalid_email));
  if (!is_person_name(registration.name)) return done(refuse(AuthOutcome::invalid_name));
  if (const auto fault = fault_of_password(registration.password, *email); fault != PasswordFault::none)
    return done(refuse(to_auth(fault)));
  Account account;
  account.email = std::move(*email);
  account.name = std::move(registration.name);
  account.role = role;
  auto store_it = [this, account = std::move(account), with_login, from = std::move(from),
                   done](std::string phc) mutable {
    account.password_hash = std::move(phc);
    account.created = clock_.wall();
    const FamilyId chance = fresh_family_id();
    account.id = {chance.hi, chance.lo};
    NewLogin login = new_login(account.id, account.created);
    const std::string id = to_string(account.id);
    AuditEntry audit{with_login ? id : "system", "registered", id, account.created, from, "", role_json(account.role)};
    auto answer = [this, account, login, with_login, done](StoreOutcome outcome) {
      if (outcome != StoreOutcome::done) return done(refuse(to_auth(outcome)));
      if (account.role == Role::admin) admins_.set(account.id, true);
      AuthAnswer result = answer_for(account);
      if (with_login) {
        result.refresh_token = login.refresh_token;
        add_access_token(result, account, login.family.id);
      }
      done(std::move(result));
    };
    std::optional<RefreshFamily> first;
    if (with_login) first = login.family;
    if (!store_.create(std::move(account), first, std::move(audit), answer)) done(refuse(AuthOutcome::overloaded));
  };
  if (!passwords_.hash(std::move(registration.password), std::move(store_it))) done(refuse(AuthOutcome::overloaded));
}

void Sessions::login(std::string email, std::string password, std::string from, AuthDone done) {
  // Longer than any password can be: refused before it costs a hash. It says nothing about the account.
  if (is_too_long(password)) return done(refuse(AuthOutcome::invalid_credentials));
  auto normalised = normalise_email(email);
  if (!normalised) return check_login(std::nullopt, std::move(password), std::move(from), std::move(done));
  auto check = [this, password = std::move(password), from = std::move(from),
                done](Result<std::optional<Account>> account) mutable {
    if (!account) return done(refuse(AuthOutcome::unavailable));
    check_login(std::move(*account), std::move(password), std::move(from), std::move(done));
  };
  if (!store_.find_by_email(std::move(*normalised), std::move(check))) done(refuse(AuthOutcome::overloaded));
}

void Sessions::check_login(std::optional<Account> account, std::string password, std::string from, AuthDone done) {
  // Nobody and a disabled account cost a hash as well, and get the same answer.
  std::string phc = account && !account->disabled ? account->password_hash : std::string();
  auto checked = [this, account = std::move(account), from = std::move(from), done](PasswordPool::Check check) mutable {
    if (!check.matches) {
      audit_failed_login(account ? account->id : UserId{}, std::move(from));
      return done(refuse(AuthOutcome::invalid_credentials));
    }
    if (!check.rehashed.empty())
      static_cast<void>(
          store_.rehash(account->id, account->password_hash, std::move(check.rehashed), [](StoreOutcome) {}));
    open_login(std::move(*account), std::move(from), std::move(done));
  };
  if (!passwords_.verify(std::move(password), std::move(phc), std::move(checked)))
    done(refuse(AuthOutcome::overloaded));
}

void Sessions::open_login(Account account, std::string from, AuthDone done) {
  const WallTime now = clock_.wall();
  NewLogin login = new_login(account.id, now);
  const RefreshFamily family = login.family;
  const std::uint32_t epoch = account.epoch;
  const std::string id = to_string(account.id);
  auto answer = [this, account = std::move(account), login = std::move(login), done](StoreOutcome outcome) {
    if (outcome == StoreOutcome::not_found)
      return done(refuse(AuthOutcome::invalid_credentials));  // disabled meanwhile
    if (outcome != StoreOutcome::done) return done(refuse(to_auth(outcome)));
    AuthAnswer result = answer_for(account);
    result.refresh_token = login.refresh_token;
    add_access_token(result, account, login.family.id);
    done(std::move(result));
  };
  AuditEntry audit{id, "logged_in", to_string(family.id), now, std::move(from), "", ""};
  if (!store_.open_family(family, epoch, std::move(audit), std::move(answer))) done(refuse(AuthOutcome::overloaded));
}

void Sessions::refresh(std::string_view refresh_token, TokenKeeper keeper, std::string from, AuthDone done) {
  const auto parts = decode_refresh(refresh_token);
  if (!parts) return done(refuse(AuthOutcome::invalid_token));
  RefreshParts next = *parts;
  const WallTime now = clock_.wall();
  RotateRequest request{parts->family, digest_of(parts->secret),       digest_of(parts->token), {},
                        now,           now + options_.refresh_lifetime};
  if (keeper == TokenKeeper::browser) {
    // The successor follows from the token, for us alone. So the same question has the same answer, and a successor
    // that is current proves that the token was the one before it.
    const HmacSha256::Mac mac = signer_.derive("refresh successor", refresh_token);
    std::memcpy(next.token.data(), mac.data(), mac.size());
    request.repeats_since = now + -kLostAnswerGrace;
  } else {
    fill_random(next.token);
  }
  request.next = digest_of(next.token);
  AuditEntry reuse{"", "refresh_token_reused", to_string(parts->family), now, std::move(from),
                   "", R"({"revoked":true})"};
  auto answer = [this, next, done](Rotation rotation) {
    if (rotation.outcome == RotateOutcome::reused)
      revocations_.revoke_family(next.family, clock_.wall() + options_.access_lifetime + kRevocationMargin);
    if (rotation.outcome != RotateOutcome::rotated) return done(refuse(to_auth(rotation.outcome)));
    AuthAnswer result = answer_for(rotation.account);
    result.refresh_token = encode_refresh(next);
    add_access_token(result, rotation.account, next.family);
    done(std::move(result));
  };
  if (!store_.rotate(request, std::move(reuse), std::move(answer))) done(refuse(AuthOutcome::overloaded));
}

void Sessions::me(UserId user, AuthDone done) {
  auto answer = [this, done](const Result<std::optional<Account>>& account) {
    if (!account) return done(refuse(AuthOutcome::unavailable));
    done(*account ? answer_for(**account) : refuse(AuthOutcome::not_found));
  };
  if (!store_.find(user, std::move(answer))) done(refuse(AuthOutcome::overloaded));
}

// --- shared ----------------------------------------------------------------------------------------------

std::function<void(EpochChange)> Sessions::apply_change(AuthDone done) {
  return [this, done = std::move(done)](EpochChange change) {
    if (change.outcome != StoreOutcome::done) return done(refuse(to_auth(change.outcome)));
    put_into_effect(change.account);
    done(answer_for(change.account));
  };
}

void Sessions::put_into_effect(const Account& account) {
  put_into_effect(account.id, account.epoch, account.role == Role::admin && !account.disabled,
                  clock_.wall() + kTokenLifetimeMax + kRevocationMargin);
}

void Sessions::put_into_effect(UserId user, std::uint32_t epoch, bool is_admin, WallTime until) {
  const std::lock_guard lock(effects_mutex_);
  if (revocations_.revoke_user(user, epoch, until)) admins_.set(user, is_admin);
}

void Sessions::learn(const AccountChanges& changes) {
  const WallTime until = clock_.wall() + kTokenLifetimeMax + kRevocationMargin;
  for (const auto& user : changes.users) put_into_effect(user.id, user.epoch, user.is_admin, until);
  for (const FamilyId family : changes.revoked) revocations_.revoke_family(family, until);
}

Sessions::NewLogin Sessions::new_login(UserId user, WallTime now) {
  RefreshParts parts;
  parts.family = fresh_family_id();
  fill_random(parts.secret);
  fill_random(parts.token);
  return {{parts.family, user, digest_of(parts.secret), digest_of(parts.token), now, now + options_.refresh_lifetime},
          encode_refresh(parts)};
}

AuthAnswer Sessions::answer_for(const Account& account) const {
  AuthAnswer answer;
  answer.outcome = AuthOutcome::done;
  answer.user = {account.id, account.email, account.name, account.role};
  return answer;
}

void Sessions::add_access_token(AuthAnswer& answer, const Account& account, FamilyId family) const {
  answer.access_token =
      signer_.sign({account.id, family, account.role, account.epoch}, clock_.wall(), options_.access_lifetime);
  answer.expires_in = options_.access_lifetime;
}

void Sessions::audit_failed_login(UserId user, std::string from) {
  const WallTime now = clock_.wall();
  AuditEntry entry{"", "login_failed", user.empty() ? "" : to_string(user), now, std::move(from), "", ""};
  {
    const std::lock_guard lock(failures_mutex_);
    if (now.ms / 1000 != failures_second_) {
      failures_second_ = now.ms / 1000;
      failures_written_ = 0;
    }
    if (failures_written_ == kFailedLoginAuditsPerSecond) {
      ++failures_skipped_;
      return;
    }
    ++failures_written_;
    if (failures_skipped_ > 0)
      entry.after = R"({"not_written_before":)" + std::to_string(std::exchange(failures_skipped_, 0)) + "}";
  }
  static_cast<void>(store_.append_audit(std::move(entry), [](StoreOutcome) {}));
}

FamilyId Sessions::fresh_family_id() {
  const std::lock_guard lock(random_mutex_);
  return new_ulid<FamilyId>(clock_.wall(), random_);
}

void Sessions::fill_random(std::span<std::byte> out) {
  const std::lock_guard lock(random_mutex_);
  random_.fill(out);
}

}  // namespace scalemart
