#include "backend/shared/account_lanes.hpp"

namespace scalemart {

AccountLanes::AccountLanes(std::unique_ptr<BlockingAccounts> accounts, Options options, const Clock& clock)
    : accounts_(std::move(accounts)), options_(std::move(options)), clock_(clock), long_lane_(1, options_.queue_max) {
  for (std::size_t i = 0; i < options_.lanes; ++i) lanes_.push_back(std::make_unique<TaskPool>(1, options_.queue_max));
}

AccountLanes::~AccountLanes() {
  stop();
}

void AccountLanes::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  accounts_->stop();
  if (watch_.joinable()) watch_.join();
  for (const auto& lane : lanes_) lane->stop();
  long_lane_.stop();
}

void AccountLanes::note(const std::string& line) const {
  if (options_.on_note) options_.on_note(line);
}

// --- the watch -------------------------------------------------------------------------------------------

Result<void> AccountLanes::watch(AccountListener listener) {
  const auto cursor = accounts_->now_cursor(clock_.steady() + options_.patience);
  if (!cursor) return cursor.error();
  heard_ = clock_.steady();
  watch_ = std::thread([this, from = *cursor, listener = std::move(listener)] { run_watch(from, listener); });
  return {};
}

std::chrono::milliseconds AccountLanes::watch_age() const {
  const SteadyTime heard = heard_.load();
  if (heard == SteadyTime{}) return {};
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady() - heard);
}

bool AccountLanes::rest() {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, options_.watch_every, [this] { return stopping_; });
}

void AccountLanes::run_watch(std::int64_t cursor, const AccountListener& listener) {
  bool deaf = false;
  while (rest()) {
    const SteadyTime asked = clock_.steady();
    auto page = accounts_->changes(cursor, asked + options_.patience);
    if (page) {
      cursor = page->next;
      if (!page->changes.empty()) listener(page->changes);
      heard_ = asked;
      if (const auto tidied = accounts_->tidy(asked + options_.patience); !tidied) page = tidied.error();
    }
    if (page.has_value() == deaf) {
      deaf = !deaf;
      note(deaf ? "no news of accounts: " + page.error().message : "news of accounts again");
    }
  }
}

// --- requests --------------------------------------------------------------------------------------------

TaskPool& AccountLanes::lane_of_this_thread() {
  static std::atomic<std::size_t> threads{0};
  thread_local const std::size_t number = threads++;
  return *lanes_[number % lanes_.size()];
}

template <class T, class Run>
bool AccountLanes::ask(T late, Run run, std::function<void(T)> done) {
  const SteadyTime until = clock_.steady() + options_.patience;
  return lane_of_this_thread().post([this, until, late = std::move(late), run = std::move(run),
                                     done = std::move(done)] { done(clock_.steady() < until ? T(run(until)) : late); });
}

template <class T, class Run>
bool AccountLanes::ask_long(T late, Run run, std::function<void(T)> done) {
  return lane_of_this_thread().post([this, late = std::move(late), run = std::move(run), done = std::move(done)] {
    const SteadyTime until = clock_.steady() + options_.long_patience;
    if (!long_lane_.post([until, run, done] { done(run(until)); })) done(late);
  });
}

template <class Run>
bool AccountLanes::ask_outcome(Run run, Done<StoreOutcome> done) {
  return ask(StoreOutcome::unavailable, std::move(run), std::move(done));
}

template <class Run>
bool AccountLanes::ask_epoch(Run run, Done<EpochChange> done) {
  return ask(EpochChange{StoreOutcome::unavailable, {}}, std::move(run), std::move(done));
}

template <class T, class Run>
bool AccountLanes::look(Run run, Found<T> done) {
  return ask(Result<T>(error("the account store did not answer in time")), std::move(run), std::move(done));
}

bool AccountLanes::create(Account account, std::optional<RefreshFamily> first, AuditEntry audit,
                          Done<StoreOutcome> done) {
  return ask_outcome([this, account = std::move(account), first, audit = std::move(audit)](
                         SteadyTime until) { return accounts_->create(account, first, audit, until); },
                     std::move(done));
}

bool AccountLanes::find(UserId id, Found<std::optional<Account>> done) {
  return look<std::optional<Account>>([this, id](SteadyTime until) { return accounts_->find(id, until); },
                                      std::move(done));
}

bool AccountLanes::find_by_email(std::string email, Found<std::optional<Account>> done) {
  return look<std::optional<Account>>(
      [this, email = std::move(email)](SteadyTime until) { return accounts_->find_by_email(email, until); },
      std::move(done));
}

bool AccountLanes::list(UserId after, std::size_t limit, Found<std::vector<Account>> done) {
  return look<std::vector<Account>>(
      [this, after, limit](SteadyTime until) { return accounts_->list(after, limit, until); }, std::move(done));
}

bool AccountLanes::rehash(UserId id, std::string expected, std::string hash, Done<StoreOutcome> done) {
  return ask_outcome([this, id, expected = std::move(expected), hash = std::move(hash)](
                         SteadyTime until) { return accounts_->rehash(id, expected, hash, until); },
                     std::move(done));
}

bool AccountLanes::change_password(PasswordChange change, AuditEntry audit, Done<EpochChange> done) {
  return ask_epoch([this, change = std::move(change), audit = std::move(audit)](
                       SteadyTime until) { return accounts_->change_password(change, audit, until); },
                   std::move(done));
}

bool AccountLanes::revoke_all(UserId id, WallTime now, AuditEntry audit, Done<EpochChange> done) {
  return ask_epoch([this, id, now, audit = std::move(audit)](
                       SteadyTime until) { return accounts_->revoke_all(id, now, audit, until); },
                   std::move(done));
}

bool AccountLanes::set_disabled(UserId id, bool disabled, WallTime now, AuditEntry audit, Done<EpochChange> done) {
  return ask_epoch([this, id, disabled, now, audit = std::move(audit)](
                       SteadyTime until) { return accounts_->set_disabled(id, disabled, now, audit, until); },
                   std::move(done));
}

bool AccountLanes::set_role(UserId id, Role role, WallTime now, AuditEntry audit, Done<EpochChange> done) {
  return ask_epoch([this, id, role, now, audit = std::move(audit)](
                       SteadyTime until) { return accounts_->set_role(id, role, now, audit, until); },
                   std::move(done));
}

bool AccountLanes::seed(SeedRequest request, Done<StoreOutcome> done) {
  return ask_long(
      StoreOutcome::unavailable, [this, request](SteadyTime until) { return accounts_->seed(request, until); },
      std::move(done));
}

bool AccountLanes::open_family(RefreshFamily family, std::uint32_t epoch, AuditEntry audit, Done<StoreOutcome> done) {
  return ask_outcome([this, family, epoch, audit = std::move(audit)](
                         SteadyTime until) { return accounts_->open_family(family, epoch, audit, until); },
                     std::move(done));
}

bool AccountLanes::rotate(RotateRequest request, AuditEntry reuse, Done<Rotation> done) {
  return ask(
      Rotation{RotateOutcome::unavailable, {}},
      [this, request, reuse = std::move(reuse)](SteadyTime until) { return accounts_->rotate(request, reuse, until); },
      std::move(done));
}

bool AccountLanes::revoke_family(FamilyId id, WallTime now, AuditEntry audit, Done<StoreOutcome> done) {
  return ask_outcome([this, id, now, audit = std::move(audit)](
                         SteadyTime until) { return accounts_->revoke_family(id, now, audit, until); },
                     std::move(done));
}

bool AccountLanes::load(WallTime since, Found<AuthState> done) {
  return look<AuthState>([this, since](SteadyTime until) { return accounts_->load(since, until); }, std::move(done));
}

bool AccountLanes::prune(WallTime before, Done<StoreOutcome> done) {
  return ask_outcome([this, before](SteadyTime until) { return accounts_->prune(before, until); }, std::move(done));
}

bool AccountLanes::append_audit(AuditEntry entry, Done<StoreOutcome> done) {
  return ask_outcome(
      [this, entry = std::move(entry)](SteadyTime until) { return accounts_->append_audit(entry, until); },
      std::move(done));
}

bool AccountLanes::audit_page(AuditSearch search, Found<AuditPage> done) {
  return look<AuditPage>(
      [this, search = std::move(search)](SteadyTime until) { return accounts_->audit_page(search, until); },
      std::move(done));
}

bool AccountLanes::check_audit(Found<AuditCheck> done) {
  return ask_long(
      Result<AuditCheck>(error("the account store is busy")),
      [this](SteadyTime until) { return accounts_->check_audit(until); }, std::move(done));
}

bool AccountLanes::put_setting(Setting setting, AuditEntry audit, Done<StoreOutcome> done) {
  return ask_outcome([this, setting = std::move(setting), audit = std::move(audit)](
                         SteadyTime until) { return accounts_->put_setting(setting, audit, until); },
                     std::move(done));
}

bool AccountLanes::settings(Found<std::vector<Setting>> done) {
  return look<std::vector<Setting>>([this](SteadyTime until) { return accounts_->settings(until); }, std::move(done));
}

}  // namespace scalemart
