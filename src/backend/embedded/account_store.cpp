#include "backend/embedded/account_store.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "backend/embedded/account_store_tables.hpp"

namespace scalemart {
namespace {

void default_fatal(const std::string& line) {
  std::fprintf(stderr, "%s\n", line.c_str());
  std::abort();
}

std::string fatal_line(std::string_view detail) {
  std::string line = R"({"level":"critical","event":"storage_failed","detail":")";
  for (const char c : detail) {
    if (c == '"' || c == '\\') line += '\\';
    line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return line + R"(; the outcome is unknown, so the process ends: start it again"})";
}

}  // namespace

class EmbeddedAccountStore::Request {
 public:
  explicit Request(bool writes) : writes_(writes) {}
  virtual ~Request() = default;
  virtual void run(AccountTables& tables) = 0;
  virtual void refuse() = 0;  ///< The disk is full.
  virtual void answer() = 0;
  [[nodiscard]] bool writes() const { return writes_; }

 private:
  bool writes_;
};

template <class T, class Run>
class EmbeddedAccountStore::TypedRequest final : public Request {
 public:
  TypedRequest(bool writes, T when_full, Run run, Done<T> done)
      : Request(writes),
        result_(when_full),
        when_full_(std::move(when_full)),
        run_(std::move(run)),
        done_(std::move(done)) {}
  void run(AccountTables& tables) override { result_ = run_(tables); }
  void refuse() override { result_ = when_full_; }
  void answer() override { done_(std::move(result_)); }

 private:
  T result_;
  T when_full_;
  Run run_;
  Done<T> done_;
};

Result<std::unique_ptr<EmbeddedAccountStore>> EmbeddedAccountStore::open(Options options) {
  if (!options.fatal) options.fatal = default_fatal;
  try {
    auto tables = AccountTables::open(options.file, options.pages_max);
    if (!tables) return tables.error();
    return std::unique_ptr<EmbeddedAccountStore>(new EmbeddedAccountStore(std::move(options), std::move(*tables)));
  } catch (const StorageFault& fault) {
    return error(fault.detail);
  }
}

EmbeddedAccountStore::EmbeddedAccountStore(Options options, std::unique_ptr<AccountTables> tables)
    : options_(std::move(options)), tables_(std::move(tables)), thread_([this] { run(); }) {}

EmbeddedAccountStore::~EmbeddedAccountStore() {
  stop();
}

void EmbeddedAccountStore::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  tables_.reset();
}

template <class T, class Run>
bool EmbeddedAccountStore::ask(bool writes, T when_full, Run run, Done<T> done) {
  auto request = std::make_unique<TypedRequest<T, Run>>(writes, std::move(when_full), std::move(run), std::move(done));
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= options_.queue_max) return false;
    queue_.push_back(std::move(request));
  }
  wake_.notify_one();
  return true;
}

template <class T, class Run>
bool EmbeddedAccountStore::look(Run run, Found<T> done) {
  return ask(
      false, Result<T>(T()), [run = std::move(run)](AccountTables& tables) { return Result<T>(run(tables)); },
      std::move(done));
}

void EmbeddedAccountStore::run() {
  std::deque<std::unique_ptr<Request>> batch;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      while (!queue_.empty() && batch.size() < options_.batch_max) {
        batch.push_back(std::move(queue_.front()));
        queue_.pop_front();
      }
    }
    try {
      serve(batch);
      for (const auto& request : batch) request->answer();
      tables_->tidy(options_.checkpoint_bytes);
    } catch (const StorageFault& fault) {
      const std::string line = fatal_line(fault.detail);
      options_.fatal(line);
      default_fatal(line);
    }
    batch.clear();
  }
}

void EmbeddedAccountStore::serve(std::deque<std::unique_ptr<Request>>& batch) {
  const bool any_writes =
      std::any_of(batch.begin(), batch.end(), [](const auto& request) { return request->writes(); });
  if (!any_writes) {
    for (const auto& request : batch) request->run(*tables_);
    return;
  }
  try {
    tables_->begin();
    for (const auto& request : batch) request->run(*tables_);
    tables_->commit();
  } catch (const StorageFault& fault) {
    if (!fault.no_space) throw;
    tables_->roll_back();
    for (const auto& request : batch) {
      if (request->writes())
        request->refuse();
      else
        request->run(*tables_);
    }
  }
}

bool EmbeddedAccountStore::create(Account account, std::optional<RefreshFamily> first, AuditEntry audit,
                                  Done<StoreOutcome> done) {
  return ask(
      true, StoreOutcome::no_space,
      [account = std::move(account), first, audit = std::move(audit)](AccountTables& tables) {
        return tables.create(account, first ? &*first : nullptr, audit);
      },
      std::move(done));
}

bool EmbeddedAccountStore::find(UserId id, Found<std::optional<Account>> done) {
  return look<std::optional<Account>>([id](AccountTables& tables) { return tables.find(id); }, std::move(done));
}

bool EmbeddedAccountStore::find_by_email(std::string email, Found<std::optional<Account>> done) {
  return look<std::optional<Account>>(
      [email = std::move(email)](AccountTables& tables) { return tables.find_by_email(email); }, std::move(done));
}

bool EmbeddedAccountStore::list(UserId after, std::size_t limit, Found<std::vector<Account>> done) {
  return look<std::vector<Account>>([after, limit](AccountTables& tables) { return tables.list(after, limit); },
                                    std::move(done));
}

bool EmbeddedAccountStore::copy_to(std::filesystem::path file, Done<Result<void>> done) {
  // In the answer, so outside the batch's transaction: VACUUM INTO cannot run inside one.
  return ask(
      false, true, [](AccountTables&) { return true; },
      Done<bool>([this, file = std::move(file), done = std::move(done)](bool) { done(tables_->copy_to(file)); }));
}

bool EmbeddedAccountStore::rehash(UserId id, std::string expected, std::string hash, Done<StoreOutcome> done) {
  return ask(
      true, StoreOutcome::no_space,
      [id, expected = std::move(expected), hash = std::move(hash)](AccountTables& tables) {
        return tables.rehash(id, expected, hash);
      },
      std::move(done));
}

template <class Change>
bool EmbeddedAccountStore::ask_epoch(Change change, AuditEntry audit, Done<EpochChange> done) {
  return ask(
      true, EpochChange{StoreOutcome::no_space, {}},
      [change = std::move(change), audit = std::move(audit)](AccountTables& tables) { return change(tables, audit); },
      std::move(done));
}

bool EmbeddedAccountStore::change_password(PasswordChange change, AuditEntry audit, Done<EpochChange> done) {
  return ask_epoch(
      [change = std::move(change)](AccountTables& t, const AuditEntry& a) { return t.change_password(change, a); },
      std::move(audit), std::move(done));
}

bool EmbeddedAccountStore::revoke_all(UserId id, WallTime now, AuditEntry audit, Done<EpochChange> done) {
  return ask_epoch([id, now](AccountTables& t, const AuditEntry& a) { return t.revoke_all(id, now, a); },
                   std::move(audit), std::move(done));
}

bool EmbeddedAccountStore::set_disabled(UserId id, bool disabled, WallTime now, AuditEntry audit,
                                        Done<EpochChange> done) {
  return ask_epoch(
      [id, disabled, now](AccountTables& t, const AuditEntry& a) { return t.set_disabled(id, disabled, now, a); },
      std::move(audit), std::move(done));
}

bool EmbeddedAccountStore::set_role(UserId id, Role role, WallTime now, AuditEntry audit, Done<EpochChange> done) {
  return ask_epoch([id, role, now](AccountTables& t, const AuditEntry& a) { return t.set_role(id, role, now, a); },
                   std::move(audit), std::move(done));
}

bool EmbeddedAccountStore::seed(SeedRequest request, Done<StoreOutcome> done) {
  return ask(
      true, StoreOutcome::no_space, [request](AccountTables& tables) { return tables.seed(request); }, std::move(done));
}

bool EmbeddedAccountStore::open_family(RefreshFamily family, std::uint32_t epoch, AuditEntry audit,
                                       Done<StoreOutcome> done) {
  return ask(
      true, StoreOutcome::no_space,
      [family, epoch, audit = std::move(audit)](AccountTables& tables) {
        return tables.open_family(family, epoch, audit);
      },
      std::move(done));
}

bool EmbeddedAccountStore::rotate(RotateRequest request, AuditEntry reuse, Done<Rotation> done) {
  return ask(
      true, Rotation{RotateOutcome::no_space, {}},
      [request, reuse = std::move(reuse)](AccountTables& tables) { return tables.rotate(request, reuse); },
      std::move(done));
}

bool EmbeddedAccountStore::revoke_family(FamilyId id, WallTime now, AuditEntry audit, Done<StoreOutcome> done) {
  return ask(
      true, StoreOutcome::no_space,
      [id, now, audit = std::move(audit)](AccountTables& tables) { return tables.revoke_family(id, now, audit); },
      std::move(done));
}

bool EmbeddedAccountStore::load(WallTime since, Found<AuthState> done) {
  return look<AuthState>([since](AccountTables& tables) { return tables.load(since); }, std::move(done));
}

bool EmbeddedAccountStore::prune(WallTime before, Done<StoreOutcome> done) {
  return ask(
      true, StoreOutcome::no_space, [before](AccountTables& tables) { return tables.prune(before); }, std::move(done));
}

bool EmbeddedAccountStore::append_audit(AuditEntry entry, Done<StoreOutcome> done) {
  return ask(
      true, StoreOutcome::no_space,
      [entry = std::move(entry)](AccountTables& tables) {
        tables.append_audit(entry);
        return StoreOutcome::done;
      },
      std::move(done));
}

bool EmbeddedAccountStore::audit_page(AuditSearch search, Found<AuditPage> done) {
  return look<AuditPage>([search = std::move(search)](AccountTables& tables) { return tables.audit_page(search); },
                         std::move(done));
}

bool EmbeddedAccountStore::check_audit(Found<AuditCheck> done) {
  return look<AuditCheck>([](AccountTables& tables) { return tables.check_audit(); }, std::move(done));
}

bool EmbeddedAccountStore::put_setting(Setting setting, AuditEntry audit, Done<StoreOutcome> done) {
  return ask(
      true, StoreOutcome::no_space,
      [setting = std::move(setting), audit = std::move(audit)](AccountTables& tables) {
        return tables.put_setting(setting, audit);
      },
      std::move(done));
}

bool EmbeddedAccountStore::settings(Found<std::vector<Setting>> done) {
  return look<std::vector<Setting>>([](AccountTables& tables) { return tables.settings(); }, std::move(done));
}

}  // namespace scalemart
