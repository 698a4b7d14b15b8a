#include "backend/postgresql/record.hpp"

#include <algorithm>
#include <array>

#include "backend/postgresql/sale_run.hpp"
#include "base/check.hpp"
#include "domain/validity.hpp"

namespace scalemart::pg {
namespace {

constexpr int kAttempts = 3;
constexpr std::chrono::minutes kLookAtAllEvery{10};

/// Any number: it only has to be the same in every process.
constexpr std::int64_t kCreationLock = 0x5343'414c'4502;

constexpr Statement kLockCreation{"lock_creation", "SELECT pg_advisory_xact_lock($1)"};
constexpr Statement kLockProducts{"lock_products", R"(
SELECT count(*) FROM (
  SELECT FROM stock WHERE ref IN (
    SELECT * FROM unnest($1::int4[]) UNION SELECT product FROM orders WHERE id = ANY ($2::uuid[])
    UNION SELECT product FROM (
      SELECT product FROM orders WHERE due > $5 AND due <= $3 AND status = 0 ORDER BY due, number LIMIT $4) AS due)
  ORDER BY ref FOR UPDATE) AS locked
)"};

constexpr std::array<std::string_view, 4> kSaleIndexes{"orders_id", "orders_key", "orders_due_index", "products_slug"};

/// A batch as statements: its locks, then its runs.
class Batch {
 public:
  Batch(std::span<const Command> commands, std::int64_t expired_before_ms);
  /// Valid until the next call.
  [[nodiscard]] std::span<const Call> calls(WallTime now, bool check_ids);
  [[nodiscard]] RecordedBatch read(std::span<const Rows> rows) const;
  /// It ended every hold that was due: fewer than it was allowed to.
  [[nodiscard]] bool expired_all(const RecordedBatch& batch) const;

 private:
  [[nodiscard]] std::unique_ptr<SaleRun> run_for(const Command& command, std::size_t place) const;

  const std::span<const Command> commands_;
  std::vector<std::unique_ptr<SaleRun>> runs_;
  const std::int64_t expired_before_ms_;
  bool creates_ = false;
  std::int64_t expires_ = 0;
  std::size_t locks_ = 0;  ///< Statements before the first run.
  Parameters creation_lock_, product_locks_;
  std::vector<Call> calls_;
};

Batch::Batch(std::span<const Command> commands, std::int64_t expired_before_ms)
    : commands_(commands), expired_before_ms_(expired_before_ms) {
  for (std::size_t place = 0; place < commands.size(); ++place) {
    const Command& command = commands[place];
    creates_ |= std::holds_alternative<CreateProduct>(command);
    if (const auto* expire = std::get_if<ExpireDue>(&command)) expires_ += expire->limit;
    if (runs_.empty() || !runs_.back()->add(command, place)) runs_.push_back(run_for(command, place));
  }
}

std::unique_ptr<SaleRun> Batch::run_for(const Command& command, std::size_t place) const {
  std::unique_ptr<SaleRun> run;
  if (std::holds_alternative<Reserve>(command))
    run = make_reserve_run();
  else if (std::holds_alternative<ExpireDue>(command))
    run = make_expire_run(expired_before_ms_);
  else
    run = make_order_run();
  if (run->add(command, place)) return run;
  run = make_product_run();
  const bool added = run->add(command, place);
  SCALEMART_CHECK(added);
  return run;
}

bool Batch::expired_all(const RecordedBatch& batch) const {
  for (std::size_t i = 0; i < commands_.size() && expires_ > 0; ++i)
    if (const auto* expire = std::get_if<ExpireDue>(&commands_[i]))
      if (batch.answers[i].count < std::min(expire->limit, rules::kExpireMax)) return true;
  return false;
}

std::span<const Call> Batch::calls(WallTime now, bool check_ids) {
  calls_.clear();
  if (creates_) {
    creation_lock_ = {};
    creation_lock_.add(kCreationLock);
    calls_.push_back({&kLockCreation, &creation_lock_});
  }
  if (runs_.size() > 1 || !runs_.front()->locks_alone()) {
    std::vector<std::int32_t> products;
    std::vector<OrderId> orders;
    for (const auto& run : runs_) run->name_locks(products, orders);
    product_locks_ = {};
    product_locks_.add(products).add(orders).add(now.ms).add(std::min<std::int64_t>(expires_, rules::kExpireMax));
    product_locks_.add(expired_before_ms_);
    calls_.push_back({&kLockProducts, &product_locks_});
  }
  locks_ = calls_.size();
  for (const auto& run : runs_) calls_.push_back(run->call(now, check_ids));
  return calls_;
}

RecordedBatch Batch::read(std::span<const Rows> rows) const {
  BatchAnswers answers(commands_.size());
  for (std::size_t i = 0; i < runs_.size(); ++i) runs_[i]->read(rows[locks_ + i], answers);
  return std::move(answers).finish();
}

RecordedBatch undone(Fate fate, const Failure& failure) {
  RecordedBatch batch;
  batch.fate = fate;
  batch.why = to_error(failure).message;
  return batch;
}

bool lost_to_another(const Failure& failure) {
  return failure.is(kUniqueViolation) || failure.is(kDeadlock) || failure.is(kSerialization);
}

/// The sale looks everything up by keys. Nobody may decide otherwise while the tables are still small: the plans are
/// kept.
Connection::Options for_the_sale(Connection::Options options) {
  for (const char* way : {"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_bitmapscan"})
    options.settings.emplace_back(way, "off");
  return options;
}

}  // namespace

Part sale_part() {
  static const std::array<std::string_view, 1> kSteps{script("sale.sql")};
  return {"sale", kSteps, kSaleIndexes};
}

PostgresRecord::PostgresRecord(Options options, const Clock& clock)
    : clock_(clock), pool_(for_the_sale(std::move(options.connection)), options.connections, clock) {}

Result<std::unique_ptr<PostgresRecord>> PostgresRecord::open(Options options, const Clock& clock) {
  auto connection = Connection::open(options.connection, clock);
  if (!connection) return to_error(connection.error());
  if (auto fine = check_server(*connection, options.demands); !fine) return fine.error();
  const Part part = sale_part();
  if (options.create)
    if (auto made = prepare_schema(*connection, options.connection, std::span(&part, 1)); !made) return made.error();
  if (auto whole = check_schema(*connection, std::span(&part, 1)); !whole) return whole.error();
  return std::unique_ptr<PostgresRecord>(new PostgresRecord(std::move(options), clock));
}

std::int64_t PostgresRecord::expired_before() {
  const SteadyTime at = clock_.steady();
  if (at.time_since_epoch().count() >= next_look_at_all_ns_.load(std::memory_order_relaxed)) {
    next_look_at_all_ns_.store((at + kLookAtAllEvery).time_since_epoch().count(), std::memory_order_relaxed);
    return kAll;
  }
  const std::int64_t up_to = expired_up_to_ms_.load(std::memory_order_relaxed);
  return up_to == kAll ? kAll : up_to - kSkewMax.count();
}

RecordedBatch PostgresRecord::commit(std::span<const Command> commands, WallTime now,
                                     std::chrono::milliseconds within) {
  if (commands.empty()) {
    RecordedBatch nothing;
    nothing.fate = Fate::committed;
    return nothing;
  }
  const SteadyTime until = clock_.steady() + within;
  const bool expires = std::any_of(commands.begin(), commands.end(),
                                   [](const Command& c) { return std::holds_alternative<ExpireDue>(c); });
  Batch batch(commands, expires ? expired_before() : kAll);
  Failure failure;
  bool check_ids = false;
  for (int attempt = 0; attempt < kAttempts;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock_.steady());
    if (left.count() <= 0) break;
    auto connection = pool_.borrow(left);
    if (!connection) return undone(Fate::unavailable, connection.error());
    auto rows = (*connection)->run(batch.calls(now, check_ids), left);
    if (rows) {
      RecordedBatch done = batch.read(*rows);
      if (batch.expired_all(done)) expired_up_to_ms_.store(now.ms, std::memory_order_relaxed);
      return done;
    }
    failure = rows.error();
    if (failure.kind == Failure::Kind::lost) return undone(Fate::unknown, failure);
    if (lost_to_another(failure)) {
      check_ids = true;  // another batch has won, so somebody gets on; this one follows as long as it has time
      continue;
    }
    if (failure.is(kReadOnly))
      connection->discard();                         // it has become a standby: the next one goes to the primary
    else if (failure.kind != Failure::Kind::unsent)  // or it was closed behind our back: another one
      break;
    ++attempt;
  }
  return undone(Fate::unavailable, failure);
}

Reply<std::vector<Rows>> PostgresRecord::read(std::span<const Call> calls, std::chrono::milliseconds within) {
  for (int attempt = 1;; ++attempt) {
    auto connection = pool_.borrow(within);
    if (!connection) return connection.error();
    auto rows = (*connection)->run(calls, within);
    if (rows || rows.error().kind != Failure::Kind::unsent || attempt == kAttempts) return rows;
  }
}

Reply<Rows> PostgresRecord::read(const Statement& statement, const Parameters& parameters,
                                 std::chrono::milliseconds within) {
  const Call call{&statement, &parameters};
  auto rows = read(std::span(&call, 1), within);
  if (!rows) return rows.error();
  return std::move(rows->front());
}

}  // namespace scalemart::pg
