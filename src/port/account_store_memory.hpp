#pragma once
// For tests: an account store in memory that answers before the request returns. What a store promises is in
// account_store_contract.hpp; this one is held to it as well.

#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

#include "port/account_store.hpp"

namespace scalemart::test {

class MemoryAccountStore final : public AccountStore {
 public:
  /// From now on requests are refused as by a full queue, or changes as by a full disk.
  void set_full(bool full) { full_ = full; }
  void set_no_space(bool no_space) { no_space_ = no_space; }
  /// From now on nothing is answered, as by a database that cannot be reached.
  void set_unavailable(bool unavailable) { unavailable_ = unavailable; }

  void stop() override {}

  bool create(Account account, std::optional<RefreshFamily> first, AuditEntry audit, Done<StoreOutcome> done) override {
    return change<StoreOutcome>(done, StoreOutcome::no_space, [&] {
      if (by_email(account.email) != nullptr) return StoreOutcome::email_taken;
      users_[account.id] = {account, WallTime{-1}};
      if (first) families_[first->id] = {*first};
      write(audit);
      return StoreOutcome::done;
    });
  }
  bool find(UserId id, Found<std::optional<Account>> done) override {
    return look<std::optional<Account>>(done, [&] {
      const auto found = users_.find(id);
      return found == users_.end() ? std::nullopt : std::optional(found->second.account);
    });
  }
  bool find_by_email(std::string email, Found<std::optional<Account>> done) override {
    return look<std::optional<Account>>(done, [&] {
      const Account* found = by_email(email);
      return found == nullptr ? std::nullopt : std::optional(*found);
    });
  }
  bool list(UserId after, std::size_t limit, Found<std::vector<Account>> done) override {
    return look<std::vector<Account>>(done, [&] {
      std::vector<Account> page;
      for (auto user = users_.upper_bound(after); user != users_.end() && page.size() < limit; ++user)
        page.push_back(user->second.account);
      return page;
    });
  }
  bool rehash(UserId id, std::string expected, std::string hash, Done<StoreOutcome> done) override {
    return change<StoreOutcome>(done, StoreOutcome::no_space, [&] {
      const auto found = users_.find(id);
      if (found == users_.end() || found->second.account.password_hash != expected) return StoreOutcome::stale;
      found->second.account.password_hash = hash;
      return StoreOutcome::done;
    });
  }
  bool change_password(PasswordChange change_to, AuditEntry audit, Done<EpochChange> done) override {
    return change_user(change_to.user, change_to.now, audit, done, [&](Account& account) {
      if (account.disabled) return StoreOutcome::not_found;
      if (account.password_hash != change_to.expected_hash) return StoreOutcome::stale;
      account.password_hash = change_to.new_hash;
      revoke_all_but(account.id, change_to.keep);
      return StoreOutcome::done;
    });
  }
  bool revoke_all(UserId id, WallTime now, AuditEntry audit, Done<EpochChange> done) override {
    return change_user(id, now, audit, done, [&](Account&) {
      revoke_all_but(id, {});
      return StoreOutcome::done;
    });
  }
  bool set_disabled(UserId id, bool disabled, WallTime now, AuditEntry audit, Done<EpochChange> done) override {
    return change_user(id, now, audit, done, [&](Account& account) {
      account.disabled = disabled;
      if (disabled) revoke_all_but(id, {});
      return StoreOutcome::done;
    });
  }
  bool set_role(UserId id, Role role, WallTime now, AuditEntry audit, Done<EpochChange> done) override {
    return change_user(id, now, audit, done, [&](Account& account) {
      account.role = role;
      return StoreOutcome::done;
    });
  }
  bool seed(SeedRequest request, Done<StoreOutcome> done) override {
    return change<StoreOutcome>(done, StoreOutcome::no_space, [&] {
      for (std::uint32_t i = 0; i < request.count; ++i) {
        Account account;
        account.id = {request.first.hi, request.first.lo + i};
        account.email = to_string(account.id) + "@load.invalid";
        account.created = request.now;
        users_[account.id] = {account, WallTime{-1}};
      }
      return StoreOutcome::done;
    });
  }
  bool open_family(RefreshFamily family, std::uint32_t epoch, AuditEntry audit, Done<StoreOutcome> done) override {
    return change<StoreOutcome>(done, StoreOutcome::no_space, [&] {
      const auto user = users_.find(family.user);
      if (user == users_.end() || user->second.account.disabled) return StoreOutcome::not_found;
      if (user->second.account.epoch != epoch) return StoreOutcome::stale;
      drop_oldest(family.user);
      families_[family.id] = {family};
      write(audit);
      return StoreOutcome::done;
    });
  }
  bool rotate(RotateRequest request, AuditEntry reuse, Done<Rotation> done) override {
    return change<Rotation>(done, {RotateOutcome::no_space, {}}, [&]() -> Rotation {
      const auto found = families_.find(request.family);
      if (found == families_.end() || found->second.family.secret != request.secret)
        return {RotateOutcome::unknown, {}};
      Family& family = found->second;
      const Account& account = users_.at(family.family.user).account;
      if (family.revoked) return {RotateOutcome::revoked, {}};
      const bool repeated = family.family.token == request.next && family.rotated >= request.repeats_since;
      if (family.family.token != request.presented && !repeated) {
        family.revoked = true;
        revoked_.emplace(request.family, request.now);
        write(reuse);
        return {RotateOutcome::reused, account};
      }
      if (request.now >= family.family.expires) return {RotateOutcome::expired, {}};
      if (account.disabled) return {RotateOutcome::disabled, {}};
      if (repeated) return {RotateOutcome::rotated, account};
      family.family.token = request.next;
      family.family.expires = request.expires;
      family.rotated = request.now;
      return {RotateOutcome::rotated, account};
    });
  }
  bool revoke_family(FamilyId id, WallTime now, AuditEntry audit, Done<StoreOutcome> done) override {
    return change<StoreOutcome>(done, StoreOutcome::no_space, [&] {
      if (const auto found = families_.find(id); found != families_.end()) found->second.revoked = true;
      revoked_.emplace(id, now);
      write(audit);
      return StoreOutcome::done;
    });
  }
  bool load(WallTime since, Found<AuthState> done) override {
    return look<AuthState>(done, [&] {
      AuthState state;
      for (const auto& [id, user] : users_) {
        if (user.account.role == Role::admin && !user.account.disabled) state.admins.push_back(id);
        if (user.epoch_at.ms >= 0 && user.epoch_at >= since)
          state.epochs.push_back({id, user.account.epoch, user.epoch_at});
      }
      for (const auto& [id, at] : revoked_)
        if (at >= since) state.revoked.push_back({id, at});
      return state;
    });
  }
  bool prune(WallTime before, Done<StoreOutcome> done) override {
    return change<StoreOutcome>(done, StoreOutcome::no_space, [&] {
      std::erase_if(families_, [&](const auto& each) { return each.second.family.expires < before; });
      std::erase_if(revoked_, [&](const auto& each) { return each.second < before; });
      return StoreOutcome::done;
    });
  }
  bool append_audit(AuditEntry entry, Done<StoreOutcome> done) override {
    return change<StoreOutcome>(done, StoreOutcome::no_space, [&] {
      write(entry);
      return StoreOutcome::done;
    });
  }
  bool audit_page(AuditSearch search, Found<AuditPage> done) override {
    return look<AuditPage>(done, [&] {
      AuditPage page;
      for (auto row = audit_.rbegin(); row != audit_.rend(); ++row) {
        if ((search.before != 0 && row->sequence >= search.before) || !matches(row->entry, search)) continue;
        if (page.rows.size() == search.limit) {
          page.next = page.rows.back().sequence;
          break;
        }
        page.rows.push_back(*row);
        const auto who = parse_ulid<UserId>(row->entry.who);
        if (const auto user = who ? users_.find(*who) : users_.end(); user != users_.end())
          page.rows.back().who_email = user->second.account.email;
      }
      return page;
    });
  }
  bool check_audit(Found<AuditCheck> done) override {
    return look<AuditCheck>(done, [&] { return AuditCheck{audit_.size(), 0}; });
  }
  bool put_setting(Setting setting, AuditEntry audit, Done<StoreOutcome> done) override {
    return change<StoreOutcome>(done, StoreOutcome::no_space, [&] {
      settings_[setting.key] = setting.json;
      write(audit);
      return StoreOutcome::done;
    });
  }
  bool settings(Found<std::vector<Setting>> done) override {
    return look<std::vector<Setting>>(done, [&] {
      std::vector<Setting> all;
      for (const auto& [key, json] : settings_) all.push_back({key, json});
      return all;
    });
  }

 private:
  struct User {
    Account account;
    WallTime epoch_at;
  };
  struct Family {
    RefreshFamily family;
    bool revoked = false;
    WallTime rotated{std::numeric_limits<std::int64_t>::min()};
  };

  template <class T, class Run>
  bool read(const Done<T>& done, Run run) {
    if (full_) return false;
    std::optional<T> result;
    {
      const std::lock_guard lock(mutex_);
      result.emplace(run());
    }
    done(std::move(*result));
    return true;
  }
  template <class T, class Run>
  bool look(const Found<T>& done, Run run) {
    return read<Result<T>>(done, [&]() -> Result<T> {
      if (unavailable_) return error("the store does not answer");
      return run();
    });
  }
  template <class T, class Run>
  bool change(const Done<T>& done, T when_full, Run run) {
    return read<T>(done, [&] { return unavailable_ ? lost(when_full) : no_space_ ? when_full : run(); });
  }
  static StoreOutcome lost(StoreOutcome) { return StoreOutcome::unavailable; }
  static EpochChange lost(const EpochChange&) { return {StoreOutcome::unavailable, {}}; }
  static Rotation lost(const Rotation&) { return {RotateOutcome::unavailable, {}}; }
  template <class Run>
  bool change_user(UserId id, WallTime now, const AuditEntry& audit, const Done<EpochChange>& done, Run run) {
    return change<EpochChange>(done, {StoreOutcome::no_space, {}}, [&]() -> EpochChange {
      const auto found = users_.find(id);
      if (found == users_.end()) return {StoreOutcome::not_found, {}};
      if (const StoreOutcome outcome = run(found->second.account); outcome != StoreOutcome::done) return {outcome, {}};
      ++found->second.account.epoch;
      found->second.epoch_at = now;
      write(audit);
      return {StoreOutcome::done, found->second.account};
    });
  }
  const Account* by_email(const std::string& email) const {
    const auto lower = [](std::string text) {
      for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 32);
      return text;
    };
    for (const auto& [id, user] : users_)
      if (lower(user.account.email) == lower(email)) return &user.account;
    return nullptr;
  }
  void revoke_all_but(UserId user, FamilyId keep) {
    for (auto& [id, family] : families_)
      if (family.family.user == user && id != keep) family.revoked = true;
  }
  void drop_oldest(UserId user) {
    std::vector<std::pair<std::int64_t, FamilyId>> mine;
    for (const auto& [id, family] : families_)
      if (family.family.user == user) mine.emplace_back(family.family.created.ms, id);
    std::sort(mine.begin(), mine.end());
    for (std::size_t i = 0; i + kFamiliesPerUserMax <= mine.size(); ++i) families_.erase(mine[i].second);
  }
  static bool matches(const AuditEntry& entry, const AuditSearch& search) {
    const auto same = [](const std::string& value, const std::string& wanted) {
      return wanted.empty() || value == wanted;
    };
    return same(entry.who, search.who) && entry.what.starts_with(search.what) && same(entry.target, search.target) &&
           same(entry.from, search.from) && (!search.since || entry.when >= *search.since) &&
           (!search.until || entry.when < *search.until);
  }
  void write(const AuditEntry& entry) {
    if (!entry.what.empty()) audit_.push_back({audit_.size() + 1, entry, {}, {}});
  }

  std::mutex mutex_;
  bool full_ = false;
  bool no_space_ = false;
  bool unavailable_ = false;
  std::map<UserId, User> users_;
  std::map<FamilyId, Family> families_;
  std::map<FamilyId, WallTime> revoked_;
  std::map<std::string, std::string> settings_;
  std::vector<AuditRow> audit_;
};

}  // namespace scalemart::test
