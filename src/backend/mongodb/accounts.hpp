#pragma once
// Accounts in a database of MongoDB's protocol, for any number of gateways.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "backend/mongodb/client.hpp"
#include "backend/mongodb/user_document.hpp"
#include "backend/shared/blocking_accounts.hpp"
#include "base/random.hpp"

namespace scalemart::mongo {

/// Purpose: BlockingAccounts, correct on the atomicity of single documents alone.
/// Operation: a user with all logins is one document with a version. A request reads it, decides in memory, and writes
/// it back on condition that the version is the same; otherwise it begins again. So of two uses of a refresh token one
/// is the second, and a change of password ends all other logins in the same instant. Each document remembers the last
/// requests that changed it: one whose answer was lost knows itself again.
/// What a change must cause elsewhere, the audit entry and the word about a revoked login, is written into the same
/// document and carried on by tidy(), by whichever gateway comes first. The chain of the trail is a collection by
/// sequence: a row is inserted behind the one it was computed from, or somebody else was faster and it is computed
/// again. Reads of the trail carry on first, so that they see everything.
/// Changes are found by the server's dates, with kOverlap for clocks of servers that differ.
/// Concurrency, errors: as BlockingAccounts. Texts: what is no plain UTF-8 becomes '?'.
class MongoAccounts final : public BlockingAccounts {
 public:
  struct Options {
    Client::Options client;
    bool create = true;  ///< Make indexes that are missing. Otherwise they must be there.
  };
  /// Clocks of the database's servers must not differ by more.
  static constexpr std::chrono::seconds kOverlap{3};

  /// `random` names requests; nobody else uses it. Connects once and prepares or checks the indexes. An error is one
  /// line and says what to do.
  [[nodiscard]] static Result<std::unique_ptr<MongoAccounts>> open(Options options, const Clock& clock, Random& random);

  StoreOutcome create(const Account& account, const std::optional<RefreshFamily>& first, const AuditEntry& audit,
                      SteadyTime until) override;
  Result<std::optional<Account>> find(UserId id, SteadyTime until) override;
  Result<std::optional<Account>> find_by_email(const std::string& email, SteadyTime until) override;
  Result<std::vector<Account>> list(UserId after, std::size_t limit, SteadyTime until) override;
  StoreOutcome rehash(UserId id, const std::string& expected, const std::string& hash, SteadyTime until) override;
  EpochChange change_password(const PasswordChange& change, const AuditEntry& audit, SteadyTime until) override;
  EpochChange revoke_all(UserId id, WallTime now, const AuditEntry& audit, SteadyTime until) override;
  EpochChange set_disabled(UserId id, bool disabled, WallTime now, const AuditEntry& audit, SteadyTime until) override;
  EpochChange set_role(UserId id, Role role, WallTime now, const AuditEntry& audit, SteadyTime until) override;
  StoreOutcome seed(const SeedRequest& request, SteadyTime until) override;
  StoreOutcome open_family(const RefreshFamily& family, std::uint32_t epoch, const AuditEntry& audit,
                           SteadyTime until) override;
  Rotation rotate(const RotateRequest& request, const AuditEntry& reuse, SteadyTime until) override;
  StoreOutcome revoke_family(FamilyId id, WallTime now, const AuditEntry& audit, SteadyTime until) override;
  Result<AuthState> load(WallTime since, SteadyTime until) override;
  StoreOutcome prune(WallTime before, SteadyTime until) override;
  StoreOutcome append_audit(const AuditEntry& entry, SteadyTime until) override;
  Result<AuditPage> audit_page(const AuditSearch& search, SteadyTime until) override;
  Result<AuditCheck> check_audit(SteadyTime until) override;
  StoreOutcome put_setting(const Setting& setting, const AuditEntry& audit, SteadyTime until) override;
  Result<std::vector<Setting>> settings(SteadyTime until) override;
  Result<std::int64_t> now_cursor(SteadyTime until) override;
  Result<ChangePage> changes(std::int64_t since, SteadyTime until) override;
  Result<void> tidy(SteadyTime until) override;
  void stop() override;

 private:
  /// What became of a change of a user's document.
  struct Changed {
    enum class How : std::uint8_t {
      nobody,  ///< There is no such user.
      kept,    ///< The decision was to change nothing.
      done,    ///< Also by this very request before.
      no_space,
      unavailable,
    };
    How how = How::unavailable;
    std::int32_t outcome = 0;  ///< As the decision said.
    UserDocument user;         ///< As it is now.
  };
  struct Decision {
    bool change = false;
    std::int32_t outcome = 0;
    bool news = false;  ///< Others must hear of it.
  };
  using Decide = std::function<Decision(UserDocument& user)>;

  MongoAccounts(std::unique_ptr<Client> client, const Clock& clock, Random& random);
  /// Asks again while nobody answers and there is time.
  template <class Ask>
  auto patiently(Ask ask, SteadyTime until) -> decltype(ask());
  /// The same for what must not happen twice: only as long as nothing was sent.
  template <class Ask>
  auto once(Ask ask, SteadyTime until) -> decltype(ask());
  [[nodiscard]] Changed change_user(const std::function<Document()>& filter, const Decide& decide, SteadyTime until);
  /// A new epoch, unless `decide` says otherwise.
  [[nodiscard]] EpochChange change_epoch(UserId id, WallTime now, const AuditEntry& audit,
                                         const std::function<StoreOutcome(UserDocument&)>& decide, SteadyTime until);
  [[nodiscard]] Result<std::optional<Account>> find_account(const std::function<Document()>& filter, SteadyTime until);
  [[nodiscard]] std::optional<Note> note_of(const AuditEntry& entry);
  [[nodiscard]] std::string next_id();
  [[nodiscard]] bool pause();

  // --- the trail ---
  struct Waiting;
  [[nodiscard]] Reply<Waiting> waiting();
  [[nodiscard]] Reply<void> link(const std::vector<Note>& notes);
  [[nodiscard]] Reply<void> tell_revoked(const Note& note);
  [[nodiscard]] Reply<void> clear(const Waiting& linked);
  [[nodiscard]] Reply<void> carry_on(bool& more);
  [[nodiscard]] Reply<std::int64_t> last_row(Digest256* hash);
  [[nodiscard]] Result<std::int64_t> trail_end(SteadyTime until);
  [[nodiscard]] Result<void> name_accounts(std::vector<AuditRow>& rows, SteadyTime until);

  const std::unique_ptr<Client> client_;
  const Clock& clock_;
  std::mutex ids_mutex_;
  Random& random_;                ///< Guarded by ids_mutex_.
  Ulid<struct NoteTag> last_id_;  ///< Guarded by ids_mutex_.
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;  ///< Guarded by mutex_.
};

}  // namespace scalemart::mongo
