#pragma once
// A system of record that fails as a network does. For tests.

#include <mutex>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "port/system_of_record.hpp"

namespace scalemart {

/// Purpose: wraps a record; some batches and reads fail, each in one of the ways in which they can. What it says is
/// always true: `unavailable` only when nothing happened, `unknown` when the caller cannot tell.
/// Concurrency: any thread; one at a time through a lock.
class FlakyRecord final : public SystemOfRecord {
 public:
  /// Chances in a thousand, drawn for each batch.
  struct Faults {
    std::uint32_t refused = 0;      ///< Nothing happens: unavailable.
    std::uint32_t lost_before = 0;  ///< Nothing happens: unknown.
    std::uint32_t lost_after = 0;   ///< It happens: unknown.
    std::uint32_t late = 0;         ///< Unknown, and it happens behind a later batch.
    std::uint32_t repeated = 0;     ///< It happens, and again with nobody listening; not for restocks.
    std::uint32_t read_fails = 0;
  };

  FlakyRecord(SystemOfRecord& inner, Random& random, Faults faults) : inner_(inner), random_(random), faults_(faults) {}

  /// From now on nothing fails. What was late happens.
  void heal();
  /// How many batches were answered unknown so far.
  [[nodiscard]] std::uint64_t unknown() const;

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

 private:
  enum class Fault : std::uint8_t { none, refused, lost_before, lost_after, late, repeated };
  struct Late {
    std::vector<Command> commands;
    WallTime now;
  };
  [[nodiscard]] Fault draw();
  [[nodiscard]] RecordedBatch undecided(Fate fate);
  void do_late_ones();
  [[nodiscard]] std::optional<Error> read_fault();

  SystemOfRecord& inner_;
  Random& random_;
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  Faults faults_;
  std::vector<Late> late_;
  std::uint64_t unknown_ = 0;
};

}  // namespace scalemart
