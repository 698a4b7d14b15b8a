#pragma once
// A system of record in memory, made of the ledger: for tests of what stands in front of one, and the measure for
// those that keep their state elsewhere.

#include <mutex>
#include <unordered_map>
#include <vector>

#include "ledger/ledger.hpp"
#include "port/system_of_record.hpp"

namespace scalemart {

/// Purpose: SystemOfRecord over one Ledger. Differs from the port in one thing: time is one for all products.
/// Concurrency: any thread, one at a time behind a lock. Nothing is durable.
class LedgerRecord final : public SystemOfRecord {
 public:
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

  /// Number of records ever decided.
  [[nodiscard]] Sequence records() const;

 private:
  struct Accepted {
    std::int64_t number = 0;
    WallTime hold_ends;
    bool begun = false;
    KeyDigest key;
  };
  /// Decides one command and collects what it did.
  void decide(const Command& command, WallTime now, RecordedBatch& batch);
  void collect(const Record& record, RecordedBatch& batch);
  void change(const Record& record, OrderId order, OrderStatus status, StatusReason reason, RecordedBatch& batch);
  [[nodiscard]] ProductRef product_of(const record::Payload& payload) const;
  [[nodiscard]] Sequence product_sequence(Sequence of_ledger) const;
  [[nodiscard]] Sequence current(ProductRef product) const;
  [[nodiscard]] StockRecord stock_of(ProductRef product) const;
  [[nodiscard]] OrderView view(OrderView of_ledger) const;
  [[nodiscard]] SweptOrder swept(const UnfinishedOrder& unfinished) const;

  mutable std::mutex mutex_;
  Ledger ledger_;
  std::vector<Sequence> sequences_;   ///< By ledger sequence - 1: the product's.
  std::vector<Sequence> of_product_;  ///< By ref: the last one's.
  std::unordered_map<OrderId, Accepted> accepted_;
};

}  // namespace scalemart
