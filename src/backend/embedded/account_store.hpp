#pragma once
// Accounts in SQLite: accounts.db beside the journal.

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.hpp"
#include "port/account_store.hpp"

namespace scalemart {

class AccountTables;

/// Purpose: see port/account_store.hpp.
/// Operation: one thread owns the one connection (WAL, synchronous=FULL, exclusive; see journal.hpp for why).
/// It takes whatever waits and runs it in one transaction, since syncing is what costs; then it answers.
/// Concurrency: as the port says. Destruction finishes what was taken; a callback's new request is refused
/// then. Errors: a full disk refuses the transaction's changes, while its reads are answered. Everything else
/// calls `fatal`, which does not return.
class EmbeddedAccountStore final : public AccountStore {
 public:
  struct Options {
    std::filesystem::path file{};
    std::size_t queue_max = 4096;
    std::size_t batch_max = 256;                           ///< Requests in one transaction.
    std::uint64_t checkpoint_bytes = 4ULL << 20;           ///< The WAL is written back once it is this long.
    std::uint64_t pages_max = 0;                           ///< 0: as many as the disk holds. For tests.
    std::function<void(const std::string& line)> fatal{};  ///< Default: write the line to stderr and abort.
  };
  [[nodiscard]] static Result<std::unique_ptr<EmbeddedAccountStore>> open(Options options);
  ~EmbeddedAccountStore() override;
  /// Finishes what was taken, answers it and closes the file; later requests are refused. Idempotent; not
  /// from a callback.
  void stop();

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

  /// A copy of everything that is durable now, as a database of its own. `file` does not exist yet.
  [[nodiscard]] bool copy_to(std::filesystem::path file, Done<Result<void>> done);

 private:
  /// One accepted request: run() in the transaction, then exactly one of the answers.
  class Request;
  template <class T, class Run>
  class TypedRequest;

  EmbeddedAccountStore(Options options, std::unique_ptr<AccountTables> tables);
  template <class T, class Run>
  bool ask(bool writes, T when_full, Run run, Done<T> done);
  template <class T, class Run>
  bool look(Run run, Found<T> done);
  template <class Change>
  bool ask_epoch(Change change, AuditEntry audit, Done<EpochChange> done);
  void run();
  void serve(std::deque<std::unique_ptr<Request>>& batch);

  const Options options_;
  std::unique_ptr<AccountTables> tables_;  ///< Owned by the thread.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Request>> queue_;  ///< Guarded by mutex_.
  bool stopping_ = false;                       ///< Guarded by mutex_.
  std::thread thread_;
};

}  // namespace scalemart
