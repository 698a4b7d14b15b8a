#pragma once
// The system of record in PostgreSQL.

#include <atomic>
#include <limits>
#include <memory>

#include "backend/postgresql/pool.hpp"
#include "backend/postgresql/schema.hpp"
#include "backend/postgresql/server_check.hpp"
#include "port/system_of_record.hpp"

namespace scalemart::pg {

/// The tables of the sale (sale.sql).
[[nodiscard]] Part sale_part();

/// Purpose: SystemOfRecord in PostgreSQL 14 or later. A batch is one transaction and one round trip: the rows of its
/// products are locked in order, every command is decided by set-based statements, and the answer comes with the
/// commit. Operation: a batch that loses against another one (a deadlock, the same key of the same buyer in two
/// products at once) was rolled back, and is done again while there is time. Concurrency: as the port says; each call
/// borrows a connection. Errors: as the port says. Texts that are not UTF-8 or hold a NUL are invalid_value here; in
/// the reason of a dead letter such bytes become '?'.
/// Limits: a buyer's orders are counted by reading them, so a cap costs a buyer with thousands of orders a millisecond.
class PostgresRecord final : public SystemOfRecord {
 public:
  struct Options {
    Connection::Options connection;
    std::size_t connections = 16;  ///< At most; opened when needed.
    ServerDemands demands;
    bool create = true;  ///< Make and upgrade the tables, as their owner. Otherwise they must be there.
  };

  /// Connects once, prepares or checks schema and server. An error is one line and says what to do.
  [[nodiscard]] static Result<std::unique_ptr<PostgresRecord>> open(Options options, const Clock& clock);

  [[nodiscard]] RecordedBatch commit(std::span<const Command> commands, WallTime now,
                                     std::chrono::milliseconds within) override;

  [[nodiscard]] Result<std::vector<std::optional<OrderView>>> find(std::span<const OrderId> ids,
                                                                   std::chrono::milliseconds within) override;
  [[nodiscard]] Result<std::vector<std::optional<OrderView>>> find_by_key(std::span<const BuyerKey> keys,
                                                                          std::chrono::milliseconds within) override;
  [[nodiscard]] Result<std::vector<OrderView>> of_buyer(UserId buyer, OrderId before, std::size_t limit,
                                                        std::chrono::milliseconds within) override;
  [[nodiscard]] Result<std::vector<UsedKey>> used_keys(OrderId after, std::size_t limit,
                                                       std::chrono::milliseconds within) override;
  [[nodiscard]] Result<std::vector<ProductRecord>> products(std::chrono::milliseconds within) override;
  [[nodiscard]] Result<Sweep> unfinished(SweepCursor after, std::size_t limit,
                                         std::chrono::milliseconds within) override;
  [[nodiscard]] Result<std::vector<DeadLetter>> dead_letters(std::size_t limit,
                                                             std::chrono::milliseconds within) override;
  [[nodiscard]] Result<std::optional<WallTime>> next_expiry(std::chrono::milliseconds within) override;
  [[nodiscard]] Result<Recount> recount(std::chrono::milliseconds within) override;

  /// For a gauge of the breaker; any thread.
  [[nodiscard]] bool is_cut_off() const { return pool_.is_cut_off(); }

 private:
  PostgresRecord(Options options, const Clock& clock);
  /// Holds that end before this were expired. Unfinished orders whose hold is over stay in the same index, and can be
  /// many when payments or mails are down: so ExpireDue does not begin with the oldest each time.
  [[nodiscard]] std::int64_t expired_before();
  /// A read: once more on another connection when the first one was found closed.
  [[nodiscard]] Reply<std::vector<Rows>> read(std::span<const Call> calls, std::chrono::milliseconds within);
  [[nodiscard]] Reply<Rows> read(const Statement& statement, const Parameters& parameters,
                                 std::chrono::milliseconds within);

  /// Clocks of two gateways do not differ by more; what does is found when all are looked at.
  static constexpr std::chrono::milliseconds kSkewMax{60'000};
  static constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::min();

  const Clock& clock_;
  Pool pool_;
  std::atomic<std::int64_t> expired_up_to_ms_{kAll};
  std::atomic<std::int64_t> next_look_at_all_ns_{0};
};

}  // namespace scalemart::pg
