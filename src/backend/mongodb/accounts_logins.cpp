// Logins, and what has to be known of them in every gateway's memory.
#include <algorithm>

#include "backend/mongodb/accounts_retry.hpp"
#include "base/utf8.hpp"

namespace scalemart::mongo {
namespace {

constexpr std::int64_t kPruneMax = 1'000;

Document by_family(FamilyId id) {
  Document filter;
  filter.add("family_ids", to_string(id));
  return filter;
}

/// Room for one more: the oldest beyond that are gone, revoked or not.
void drop_oldest(std::vector<Login>& logins) {
  std::sort(logins.begin(), logins.end(), [](const Login& a, const Login& b) {
    return std::pair(a.family.created, a.family.id) < std::pair(b.family.created, b.family.id);
  });
  while (logins.size() >= kFamiliesPerUserMax) logins.erase(logins.begin());
}

template <class Id>
Id id_in(const Reading& document) {
  const auto id = parse_ulid<Id>(document.text("_id"));
  if (!id) throw Malformed("an id is none");
  return *id;
}

}  // namespace

StoreOutcome MongoAccounts::open_family(const RefreshFamily& family, std::uint32_t epoch, const AuditEntry& audit,
                                        SteadyTime until) {
  const auto note = note_of(audit);
  const Changed changed =
      change_user([&family] { return by_id(to_string(family.user)); },
                  [&](UserDocument& user) -> Decision {
                    const auto refuse = [](StoreOutcome outcome) {
                      return Decision{.outcome = static_cast<std::int32_t>(outcome)};
                    };
                    if (user.account.disabled) return refuse(StoreOutcome::not_found);
                    if (user.account.epoch != epoch) return refuse(StoreOutcome::stale);
                    drop_oldest(user.logins);
                    user.logins.push_back({family, {}, {}});
                    if (note) user.notes.push_back(*note);
                    return {.change = true, .outcome = static_cast<std::int32_t>(StoreOutcome::done)};
                  },
                  until);
  switch (changed.how) {
    case Changed::How::nobody:
      return StoreOutcome::not_found;
    case Changed::How::no_space:
      return StoreOutcome::no_space;
    case Changed::How::unavailable:
      return StoreOutcome::unavailable;
    default:
      return static_cast<StoreOutcome>(changed.outcome);
  }
}

Rotation MongoAccounts::rotate(const RotateRequest& request, const AuditEntry& reuse, SteadyTime until) {
  // A logout is a document of its own (revoke_family()). One that comes while we rotate has not come too late: it voids
  // the access token that we give, and the next rotation sees it.
  const auto ended = patiently([&] { return client_->find_one("revoked", by_id(to_string(request.family))); }, until);
  if (!ended) return {RotateOutcome::unavailable, {}};
  const bool is_revoked = ended->has_value();
  Note note{next_id(), reuse, request.family, request.now};
  Changed changed = change_user([&request] { return by_family(request.family); },
                                [&](UserDocument& user) -> Decision {
                                  const auto say = [](RotateOutcome outcome, bool change = false) {
                                    return Decision{.change = change, .outcome = static_cast<std::int32_t>(outcome)};
                                  };
                                  Login* const login = user.login(request.family);
                                  if (login == nullptr || login->family.secret != request.secret)
                                    return say(RotateOutcome::unknown);
                                  if (is_revoked || login->revoked) return say(RotateOutcome::revoked);
                                  const bool repeated = login->family.token == request.next && login->rotated &&
                                                        *login->rotated >= request.repeats_since;
                                  if (login->family.token != request.presented && !repeated) {
                                    login->revoked = request.now;
                                    user.notes.push_back(note);
                                    return say(RotateOutcome::reused, true);
                                  }
                                  if (request.now >= login->family.expires) return say(RotateOutcome::expired);
                                  if (user.account.disabled) return say(RotateOutcome::disabled);
                                  if (repeated) return say(RotateOutcome::rotated);
                                  login->family.token = request.next;
                                  login->family.expires = request.expires;
                                  login->rotated = request.now;
                                  return say(RotateOutcome::rotated, true);
                                },
                                until);
  switch (changed.how) {
    case Changed::How::nobody:
      return {RotateOutcome::unknown, {}};
    case Changed::How::no_space:
      return {RotateOutcome::no_space, {}};
    case Changed::How::unavailable:
      return {RotateOutcome::unavailable, {}};
    default:
      break;
  }
  const auto outcome = static_cast<RotateOutcome>(changed.outcome);
  if (outcome != RotateOutcome::rotated && outcome != RotateOutcome::reused) return {outcome, {}};
  return {outcome, std::move(changed.user.account)};
}

StoreOutcome MongoAccounts::revoke_family(FamilyId id, WallTime now, const AuditEntry& audit, SteadyTime until) {
  const auto note = note_of(audit);
  // From this document on the login is over; its user's document only has it besides.
  const auto told = once(
      [&]() -> Reply<std::int64_t> {
        Document fresh, values, dated, pushed, update;
        update.add("$setOnInsert", fresh.add("at", now.ms)).add("$currentDate", dated.add("changed", true));
        if (note) update.add("$set", values.add("pending", true)).add("$push", pushed.add("outbox", note->written()));
        return client_->update("revoked", by_id(to_string(id)), update, Client::Which::one_or_new);
      },
      until);
  if (!told) return outcome_of(told.error());
  static_cast<void>(change_user([id] { return by_family(id); },
                                [&](UserDocument& user) -> Decision {
                                  Login* const login = user.login(id);
                                  if (login == nullptr || login->revoked) return {};
                                  login->revoked = now;
                                  return {.change = true};
                                },
                                until));
  return StoreOutcome::done;
}

Result<AuthState> MongoAccounts::load(WallTime since, SteadyTime until) {
  if (auto carried = tidy(until); !carried) return carried.error();
  const auto loaded = patiently(
      [&]() -> Reply<AuthState> {
        AuthState state;
        Document admins, from, epochs, revoked;
        admins.add("role", std::int32_t{1}).add("disabled", false);
        from.add("$gte", since.ms);
        if (auto done = client_->for_each("users", admins,
                                          [&](const Reading& each) { state.admins.push_back(id_in<UserId>(each)); });
            !done)
          return done.error();
        const auto add_epoch = [&](const Reading& each) {
          state.epochs.push_back({id_in<UserId>(each), static_cast<std::uint32_t>(each.integer("epoch")),
                                  WallTime{each.integer("epoch_at")}});
        };
        if (auto done = client_->for_each("users", epochs.add("epoch_at", from), add_epoch); !done) return done.error();
        const auto add_revoked = [&](const Reading& each) {
          state.revoked.push_back({id_in<FamilyId>(each), WallTime{each.integer("at")}});
        };
        if (auto done = client_->for_each("revoked", revoked.add("at", from), add_revoked); !done) return done.error();
        return state;
      },
      until);
  if (!loaded) return to_error(loaded.error());
  return *loaded;
}

StoreOutcome MongoAccounts::prune(WallTime before, SteadyTime until) {
  std::vector<UserId> users;
  const auto swept = patiently(
      [&]() -> Reply<void> {
        Document earlier, absent, old, over, forget, ended;
        earlier.add("$lt", before.ms);
        old.add("at", earlier).add("pending", absent.add("$exists", false));
        if (const auto gone = client_->remove("revoked", old, true); !gone) return gone.error();
        forget.add("$unset", Document().add("epoch_at", "").add("news", ""));
        const auto forgotten = client_->update("users", over.add("epoch_at", earlier), forget, Client::Which::all);
        if (!forgotten) return forgotten.error();
        Query query{.collection = "users", .limit = kPruneMax};
        query.filter.add("families_end", earlier);
        const auto found = client_->find(query);
        if (!found) return found.error();
        users.clear();
        for (const Reading& each : *found) users.push_back(id_in<UserId>(each));
        return {};
      },
      until);
  if (!swept) return outcome_of(swept.error());
  for (const UserId id : users) {
    const auto drop_ended = [&](UserDocument& user) -> Decision {
      const auto dropped = std::erase_if(user.logins, [&](const Login& each) { return each.family.expires < before; });
      return {.change = dropped > 0};
    };
    static_cast<void>(change_user([id] { return by_id(to_string(id)); }, drop_ended, until));
  }
  return StoreOutcome::done;
}

Result<std::int64_t> MongoAccounts::now_cursor(SteadyTime until) {
  const auto now = patiently(
      [&]() -> Reply<std::int64_t> {
        Document hello;
        const auto said = client_->run(hello.add("hello", std::int32_t{1}));
        if (!said) return said.error();
        const auto time = said->optional_date("localTime");
        if (!time) throw Malformed("the server does not say its time");
        return *time;
      },
      until);
  if (!now) return to_error(now.error());
  return *now;
}

Result<BlockingAccounts::ChangePage> MongoAccounts::changes(std::int64_t since, SteadyTime until) {
  const auto heard = patiently(
      [&]() -> Reply<ChangePage> {
        ChangePage page;
        page.next = since;
        Document from, news, changed;
        from.add_date("$gte", since - std::chrono::milliseconds(kOverlap).count());
        news.add("news", from);
        changed.add("changed", from);
        const auto later = [&page](const Reading& each, const char* key) {
          page.next = std::max(page.next, each.optional_date(key).value_or(0));
        };
        const auto add_user = [&](const Reading& each) {
          const bool is_admin = each.integer("role") != 0 && !each.flag("disabled");
          page.changes.users.push_back(
              {id_in<UserId>(each), static_cast<std::uint32_t>(each.integer("epoch")), is_admin});
          later(each, "news");
        };
        if (auto done = client_->for_each("users", news, add_user); !done) return done.error();
        const auto add_revoked = [&](const Reading& each) {
          page.changes.revoked.push_back(id_in<FamilyId>(each));
          later(each, "changed");
        };
        if (auto done = client_->for_each("revoked", changed, add_revoked); !done) return done.error();
        const auto add_setting = [&](const Reading& each) {
          page.changes.settings.push_back({each.text("_id"), each.text("json")});
          later(each, "changed");
        };
        if (auto done = client_->for_each("settings", changed, add_setting); !done) return done.error();
        return page;
      },
      until);
  if (!heard) return to_error(heard.error());
  return *heard;
}

}  // namespace scalemart::mongo
