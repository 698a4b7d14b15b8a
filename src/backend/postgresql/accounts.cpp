#include "backend/postgresql/accounts.hpp"

#include <array>

#include "backend/postgresql/account_rows.hpp"

namespace scalemart::pg {
namespace {

constexpr std::chrono::milliseconds kPause{50};
constexpr std::string_view kDiskFull = "53100";
constexpr std::array<std::string_view, 7> kIndexes{"users_id",       "users_email",    "users_changed", "families_id",
                                                   "families_owner", "revoked_family", "audit_sequence"};

/// Everything is looked up by keys, also while the tables are small: the plans are kept.
Connection::Options for_accounts(Connection::Options options) {
  options.settings.emplace_back("enable_seqscan", "off");
  return options;
}

}  // namespace

Part accounts_part() {
  static const std::array<std::string_view, 1> kSteps{script("accounts.sql")};
  return {"accounts", kSteps, kIndexes};
}

Result<std::unique_ptr<PostgresAccounts>> PostgresAccounts::open(Options options, const Clock& clock, Random& random) {
  auto connection = Connection::open(options.connection, clock);
  if (!connection) return to_error(connection.error());
  if (auto fine = check_server(*connection, options.demands); !fine) return fine.error();
  const Part part = accounts_part();
  if (options.create)
    if (auto made = prepare_schema(*connection, options.connection, std::span(&part, 1)); !made) return made.error();
  if (auto whole = check_schema(*connection, std::span(&part, 1)); !whole) return whole.error();
  return std::unique_ptr<PostgresAccounts>(new PostgresAccounts(std::move(options), clock, random));
}

PostgresAccounts::PostgresAccounts(Options options, const Clock& clock, Random& random)
    : clock_(clock), pool_(for_accounts(std::move(options.connection)), options.connections, clock), random_(random) {}

PostgresAccounts::RequestId PostgresAccounts::fresh_request() {
  const std::lock_guard lock(random_mutex_);
  return new_ulid<RequestId>(clock_.wall(), random_);
}

void PostgresAccounts::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
}

bool PostgresAccounts::pause() {
  std::unique_lock lock(mutex_);
  return !stopped_.wait_for(lock, kPause, [this] { return stopping_; });
}

Reply<std::vector<Rows>> PostgresAccounts::call(std::span<const Call> calls, Lost lost, SteadyTime until) {
  Failure failure{Failure::Kind::unsent, {}, {}, "no time is left"};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock_.steady());
    if (left.count() <= 0) return failure;
    auto connection = pool_.borrow(left);
    if (!connection) {
      failure = connection.error();
    } else {
      auto rows = (*connection)->run(calls, left);
      if (rows) return rows;
      failure = rows.error();
      if (failure.kind == Failure::Kind::lost && lost == Lost::give_up) return failure;
      const bool lost_to_another = failure.is(kDeadlock) || failure.is(kSerialization);
      if (failure.is(kReadOnly))
        connection->discard();  // it has become a standby: the next one goes to the primary
      else if (failure.kind == Failure::Kind::refused && !lost_to_another)
        return failure;
    }
    if (!pause()) return failure;
  }
}

Reply<Rows> PostgresAccounts::call(const Statement& statement, const Parameters& parameters, Lost lost,
                                   SteadyTime until) {
  const Call one{&statement, &parameters};
  auto rows = call(std::span(&one, 1), lost, until);
  if (!rows) return rows.error();
  return std::move(rows->front());
}

StoreOutcome PostgresAccounts::change(const Statement& statement, const Parameters& parameters, Lost lost,
                                      SteadyTime until) {
  const auto rows = call(statement, parameters, lost, until);
  if (!rows) return outcome_of(rows.error());
  return static_cast<StoreOutcome>(rows->integer(0, 0));
}

StoreOutcome outcome_of(const Failure& failure) {
  return failure.is(kDiskFull) ? StoreOutcome::no_space : StoreOutcome::unavailable;
}

}  // namespace scalemart::pg
