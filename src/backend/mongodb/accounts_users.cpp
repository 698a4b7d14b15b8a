// Users and settings.
#include "backend/mongodb/accounts_retry.hpp"
#include "base/check.hpp"
#include "base/utf8.hpp"

namespace scalemart::mongo {
namespace {

constexpr std::uint32_t kSeedPortion = 1'000;
constexpr std::int64_t kSettingsMax = 10'000;

}  // namespace

StoreOutcome MongoAccounts::create(const Account& account, const std::optional<RefreshFamily>& first,
                                   const AuditEntry& audit, SteadyTime until) {
  UserDocument user;
  user.account = account;
  if (first) user.logins.push_back({*first, {}, {}});
  if (auto note = note_of(audit)) user.notes.push_back(std::move(*note));
  const std::string id = to_string(account.id);
  const auto created = patiently(
      [&]() -> Reply<void> {
        // Everybody must hear of a new administrator, and only an update can have the server's date in it.
        if (account.role == Role::buyer) {
          std::vector<Document> documents;
          documents.push_back(user.written());
          return client_->insert("users", documents);
        }
        Document nobody;
        nobody.add("_id", id).add("version", std::int64_t{0});
        const auto made = client_->update("users", nobody, user.update(true), Client::Which::one_or_new);
        if (!made) return made.error();
        return {};
      },
      until);
  if (created) return StoreOutcome::done;
  if (created.error().kind != Failure::Kind::duplicate) return outcome_of(created.error());
  // Taken; or it is this very request, and its answer was lost.
  const auto found = find(account.id, until);
  if (!found) return StoreOutcome::unavailable;
  return *found && email_key((*found)->email) == email_key(account.email) ? StoreOutcome::done
                                                                          : StoreOutcome::email_taken;
}

Result<std::optional<Account>> MongoAccounts::find_account(const std::function<Document()>& filter, SteadyTime until) {
  const auto found = patiently(
      [&]() -> Reply<std::optional<Account>> {
        const auto document = client_->find_one("users", filter());
        if (!document) return document.error();
        if (!*document) return std::optional<Account>();
        return std::optional(UserDocument::read(**document).account);
      },
      until);
  if (!found) return to_error(found.error());
  return *found;
}

Result<std::optional<Account>> MongoAccounts::find(UserId id, SteadyTime until) {
  return find_account([id] { return by_id(to_string(id)); }, until);
}

Result<std::optional<Account>> MongoAccounts::find_by_email(const std::string& email, SteadyTime until) {
  if (!is_plain_utf8(email)) return std::optional<Account>();
  const auto filter = [&email] {
    Document wanted;
    wanted.add("email_key", email_key(email));
    return wanted;
  };
  return find_account(filter, until);
}

Result<std::vector<Account>> MongoAccounts::list(UserId after, std::size_t limit, SteadyTime until) {
  const auto listed = patiently(
      [&]() -> Reply<std::vector<Account>> {
        Query query{.collection = "users", .limit = static_cast<std::int64_t>(std::min<std::size_t>(limit, 10'000))};
        Document beyond;
        query.filter.add("_id", beyond.add("$gt", to_string(after)));
        query.sort.add("_id", std::int32_t{1});
        const auto found = client_->find(query);
        if (!found) return found.error();
        std::vector<Account> accounts;
        for (const Reading& each : *found) accounts.push_back(UserDocument::read(each).account);
        return accounts;
      },
      until);
  if (!listed) return to_error(listed.error());
  return *listed;
}

StoreOutcome MongoAccounts::rehash(UserId id, const std::string& expected, const std::string& hash, SteadyTime until) {
  const Changed changed = change_user([id] { return by_id(to_string(id)); },
                                      [&](UserDocument& user) -> Decision {
                                        if (user.account.password_hash != expected) return {};
                                        user.account.password_hash = hash;
                                        return {.change = true};
                                      },
                                      until);
  switch (changed.how) {
    case Changed::How::done:
      return StoreOutcome::done;
    case Changed::How::no_space:
      return StoreOutcome::no_space;
    case Changed::How::unavailable:
      return StoreOutcome::unavailable;
    default:
      return StoreOutcome::stale;
  }
}

EpochChange MongoAccounts::change_epoch(UserId id, WallTime now, const AuditEntry& audit,
                                        const std::function<StoreOutcome(UserDocument&)>& decide, SteadyTime until) {
  const auto note = note_of(audit);
  Changed changed = change_user([id] { return by_id(to_string(id)); },
                                [&](UserDocument& user) -> Decision {
                                  const StoreOutcome outcome = decide(user);
                                  if (outcome != StoreOutcome::done)
                                    return {.outcome = static_cast<std::int32_t>(outcome)};
                                  ++user.account.epoch;
                                  user.epoch_at = now;
                                  if (note) user.notes.push_back(*note);
                                  return {.change = true, .outcome = static_cast<std::int32_t>(outcome), .news = true};
                                },
                                until);
  switch (changed.how) {
    case Changed::How::done:
      return {StoreOutcome::done, std::move(changed.user.account)};
    case Changed::How::kept:
      return {static_cast<StoreOutcome>(changed.outcome), {}};
    case Changed::How::no_space:
      return {StoreOutcome::no_space, {}};
    case Changed::How::unavailable:
      return {StoreOutcome::unavailable, {}};
    case Changed::How::nobody:
      break;
  }
  return {StoreOutcome::not_found, {}};
}

namespace {

/// Their access tokens fall with the epoch, so these need not be told one by one.
void end_logins(UserDocument& user, WallTime now, FamilyId keep = {}) {
  for (Login& login : user.logins)
    if (login.family.id != keep && !login.revoked) login.revoked = now;
}

}  // namespace

EpochChange MongoAccounts::change_password(const PasswordChange& change, const AuditEntry& audit, SteadyTime until) {
  return change_epoch(
      change.user, change.now, audit,
      [&](UserDocument& user) {
        if (user.account.disabled) return StoreOutcome::not_found;
        if (user.account.password_hash != change.expected_hash) return StoreOutcome::stale;
        user.account.password_hash = change.new_hash;
        end_logins(user, change.now, change.keep);
        return StoreOutcome::done;
      },
      until);
}

EpochChange MongoAccounts::revoke_all(UserId id, WallTime now, const AuditEntry& audit, SteadyTime until) {
  return change_epoch(
      id, now, audit,
      [&](UserDocument& user) {
        end_logins(user, now);
        return StoreOutcome::done;
      },
      until);
}

EpochChange MongoAccounts::set_disabled(UserId id, bool disabled, WallTime now, const AuditEntry& audit,
                                        SteadyTime until) {
  return change_epoch(
      id, now, audit,
      [&](UserDocument& user) {
        user.account.disabled = disabled;
        if (disabled) end_logins(user, now);
        return StoreOutcome::done;
      },
      until);
}

EpochChange MongoAccounts::set_role(UserId id, Role role, WallTime now, const AuditEntry& audit, SteadyTime until) {
  return change_epoch(
      id, now, audit,
      [&](UserDocument& user) {
        user.account.role = role;
        return StoreOutcome::done;
      },
      until);
}

StoreOutcome MongoAccounts::seed(const SeedRequest& request, SteadyTime until) {
  SCALEMART_CHECK(request.count >= 1 && request.count <= kSeedMax);
  for (std::uint32_t made = 0; made < request.count;) {
    std::vector<Document> documents;
    for (; made < request.count && documents.size() < kSeedPortion; ++made) {
      UserDocument user;
      user.account.id = {request.first.hi, request.first.lo + made};
      const std::string text = to_string(user.account.id);
      user.account.email = text + "@load.invalid";
      user.account.name = "Load buyer " + text.substr(18);
      user.account.created = request.now;
      documents.push_back(user.written());
    }
    const auto inserted = patiently([&] { return client_->insert("users", documents, false); }, until);
    if (!inserted && inserted.error().kind != Failure::Kind::duplicate) return outcome_of(inserted.error());
  }
  return StoreOutcome::done;
}

StoreOutcome MongoAccounts::put_setting(const Setting& setting, const AuditEntry& audit, SteadyTime until) {
  const auto note = note_of(audit);
  // Once: the same again would be told twice in the trail.
  const auto put = [&]() -> Reply<std::int64_t> {
    Document values, dated, pushed, update;
    values.add("json", as_plain_utf8(setting.json));
    if (note) values.add("pending", true);
    update.add("$set", values).add("$currentDate", dated.add("changed", true));
    if (note) update.add("$push", pushed.add("outbox", note->written()));
    return client_->update("settings", by_id(as_plain_utf8(setting.key)), update, Client::Which::one_or_new);
  };
  const auto done = once(put, until);
  return done ? StoreOutcome::done : outcome_of(done.error());
}

Result<std::vector<Setting>> MongoAccounts::settings(SteadyTime until) {
  const auto found = patiently(
      [&]() -> Reply<std::vector<Setting>> {
        Query query{.collection = "settings", .limit = kSettingsMax};
        query.sort.add("_id", std::int32_t{1});
        const auto documents = client_->find(query);
        if (!documents) return documents.error();
        std::vector<Setting> all;
        for (const Reading& each : *documents) all.push_back({each.text("_id"), each.text("json")});
        return all;
      },
      until);
  if (!found) return to_error(found.error());
  return *found;
}

}  // namespace scalemart::mongo
