#pragma once
// The asynchronous account store over one that blocks.

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "backend/shared/blocking_accounts.hpp"
#include "base/task_pool.hpp"

namespace scalemart {

/// Purpose: see port/account_store.hpp; and tells a listener what other processes change.
/// Operation: a few lanes, each a thread with a queue. Every thread that asks has its lane, so its requests run in its
/// order; what takes long has one of its own, which it goes to when its turn came. A request that got no answer within
/// `patience` of being taken is answered `unavailable`, so an outage costs callers that much and no more. Another
/// thread asks for changes a few times a second: a revocation elsewhere is known here after `watch_every` and one round
/// trip. Concurrency: as the port says; answers come on the lanes. Destruction finishes what was taken; then a
/// callback's new request is refused.
class AccountLanes final : public AccountStore {
 public:
  struct Options {
    std::size_t lanes = 4;
    std::size_t queue_max = 2048;  ///< Of each lane.
    std::chrono::milliseconds patience{5000};
    std::chrono::minutes long_patience{10};  ///< Of check_audit(), which reads the whole trail, and seed().
    std::chrono::milliseconds watch_every{250};
    std::function<void(const std::string& line)>
        on_note{};  ///< The watch cannot ask, or can again. Empty: nobody cares.
  };
  AccountLanes(std::unique_ptr<BlockingAccounts> accounts, Options options, const Clock& clock);
  ~AccountLanes() override;

  /// Begins to tell `listener` what changes from now on: call it, then load(). An error: the database does not answer.
  [[nodiscard]] Result<void> watch(AccountListener listener);
  /// How long ago the watch last heard of all changes; zero before watch(). Older than a few seconds: this process may
  /// believe tokens that another one has revoked.
  [[nodiscard]] std::chrono::milliseconds watch_age() const;

  void stop() override;

  bool create(Account account, std::optional<RefreshFamily> first, AuditEntry audit, Done<StoreOutcome> done) override;
  bool find(UserId id, Found<std::optional<Account>> done) override;
  bool find_by_email(std::string email, Found<std::optional<Account>> done) override;
  bool list(UserId after, std::size_t limit, Found<std::vector<Account>> done) override;
  bool rehash(UserId id, std::string expected, std::string hash, Done<StoreOutcome> done) override;
  bool change_password(PasswordChange change, AuditEntry audit, Done<EpochChange> done) override;
  bool revoke_all(UserId id, WallTime now, AuditEntry audit, Done<EpochChange> done) override;
  bool set_disabled(UserId id, bool disabled, WallTime now, AuditEntry audit, Done<EpochChange> done) override;
  bool set_role(UserId id, Role role, WallTime now, AuditEntry audit, Done<EpochChange> done) override;
  bool seed(SeedRequest request, Done<StoreOutcome> done) override;
  bool open_family(RefreshFamily family, std::uint32_t epoch, AuditEntry audit, Done<StoreOutcome> done) override;
  bool rotate(RotateRequest request, AuditEntry reuse, Done<Rotation> done) override;
  bool revoke_family(FamilyId id, WallTime now, AuditEntry audit, Done<StoreOutcome> done) override;
  bool load(WallTime since, Found<AuthState> done) override;
  bool prune(WallTime before, Done<StoreOutcome> done) override;
  bool append_audit(AuditEntry entry, Done<StoreOutcome> done) override;
  bool audit_page(AuditSearch search, Found<AuditPage> done) override;
  bool check_audit(Found<AuditCheck> done) override;
  bool put_setting(Setting setting, AuditEntry audit, Done<StoreOutcome> done) override;
  bool settings(Found<std::vector<Setting>> done) override;

 private:
  /// `late`: the answer when its turn comes after its time.
  template <class T, class Run>
  bool ask(T late, Run run, std::function<void(T)> done);
  template <class T, class Run>
  bool ask_long(T late, Run run, std::function<void(T)> done);
  template <class Run>
  bool ask_outcome(Run run, Done<StoreOutcome> done);
  template <class Run>
  bool ask_epoch(Run run, Done<EpochChange> done);
  template <class T, class Run>
  bool look(Run run, Found<T> done);
  [[nodiscard]] TaskPool& lane_of_this_thread();
  void run_watch(std::int64_t cursor, const AccountListener& listener);
  [[nodiscard]] bool rest();
  void note(const std::string& line) const;

  const std::unique_ptr<BlockingAccounts> accounts_;
  const Options options_;
  const Clock& clock_;
  std::vector<std::unique_ptr<TaskPool>> lanes_;
  TaskPool long_lane_;
  std::atomic<SteadyTime> heard_{SteadyTime{}};  ///< Zero: the watch has not begun.
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  ///< Guarded by mutex_.
  std::thread watch_;
};

}  // namespace scalemart
