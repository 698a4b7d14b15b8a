#pragma once
// The ledger of a process that shares its sale with others: lanes in front of a system of record.

#include <memory>
#include <vector>

#include "sequencer/read_desk.hpp"
#include "sequencer/sale_lane.hpp"

namespace scalemart {

/// Purpose: SaleLedger and OrderBook over a SystemOfRecord, with or without a filter in front of it.
/// Operation: products are dealt out over partitions, one lane a partition, for buys and for what an administrator
/// does to a product. Commands about orders do not know their product: they have lanes of their own, by order, so
/// that one order's commands stay in their order.
/// Promise: as SaleLedger's, and the record's. Outcome::unknown and Outcome::unavailable come on top.
/// Concurrency: any thread. Answers, observers and callbacks on the lanes' and the desk's threads.
class SharedLedger final : public SaleLedger, public OrderBook {
 public:
  struct Options {
    std::uint32_t partitions = 8;  ///< The same in all processes that share a filter.
    std::uint32_t order_lanes = 1;
    LaneOptions lane;
    ReadDesk::Options reads;
    KeyTeacher::Options keys;
  };

  /// `filter` may be nullptr. All outlive the ledger.
  SharedLedger(SystemOfRecord& record, StockFilter* filter, SaleLane::TimeSource time, const Clock& clock,
               Options options);
  ~SharedLedger() override;

  void start();
  /// Refuses new tickets and reads, answers what was taken, joins. Idempotent.
  void stop();
  /// Rounds and reads on the caller's thread, until nothing waits (simulations, instead of start()).
  void run_until_idle();

  [[nodiscard]] bool submit(Ticket ticket) noexcept override;

  [[nodiscard]] bool find(OrderId id, ReadDesk::One done) override;
  [[nodiscard]] bool find_by_key(UserId buyer, KeyDigest key, ReadDesk::One done) override;
  [[nodiscard]] bool of_buyer(UserId buyer, OrderId before, std::size_t limit, ReadDesk::Many done) override;

  /// Reads all products and tells the filter their terms and stocks: what another process changed, and died before
  /// it could say so. Blocks; to be called every second or so, by anybody. The products, for a catalogue.
  [[nodiscard]] Result<std::vector<ProductRecord>> refresh();

  [[nodiscard]] std::uint32_t partitions() const noexcept { return options_.partitions; }
  // Gauges; any thread.
  [[nodiscard]] TicketQueue::Depth depth() const noexcept;
  [[nodiscard]] std::chrono::nanoseconds oldest_age() const noexcept;
  /// Of the lane that has not turned for longest.
  [[nodiscard]] SteadyTime last_tick() const noexcept;

 private:
  [[nodiscard]] SaleLane& lane_of(const Command& command) noexcept;

  SystemOfRecord& record_;
  const Options options_;
  SharedFilter filter_;
  KeyTeacher teacher_;
  std::vector<std::unique_ptr<SaleLane>> lanes_;  ///< partitions, then order lanes
  ReadDesk desk_;
};

}  // namespace scalemart
