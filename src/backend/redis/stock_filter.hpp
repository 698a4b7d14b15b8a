#pragma once
// The stock filter inside Redis.

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backend/redis/functions.hpp"
#include "base/random.hpp"
#include "port/stock_filter.hpp"

namespace scalemart {

struct RedisFilterSettings {
  redis::Keyspace keys;
  std::uint32_t partitions = 16;
  /// Of 32 bits, a partition: 2 MiB, good for a million used keys (one new key in a hundred is then asked about).
  std::uint32_t key_words = 1u << 19;
};

/// Purpose: port/stock_filter.hpp over one Redis partition a slot, with one command a call.
/// Operation: the functions in scalemart.lua judge; here batches are packed, and it is remembered which take
/// belongs to which buy. A server that was restarted or promoted has another identity (run_id) than the one the
/// counters were made on, and with it the partition is closed until rebuild().
/// Sold out is only what the record's own stock says; when takes under way would use it up, the record is asked.
/// So neither a leaked take nor one of unknown fate ever keeps a unit from a buyer.
/// Allowances are known for 5 to 10 seconds after the record said something about that buyer, and used keys from
/// the rebuild on; until remember() has brought the older ones, every buy with a key that would be refused is
/// asked instead.
/// Errors: `away` for everything that is not an answer; why_away() says more. What could not be told is told
/// before the next call that gets through.
/// Concurrency: from any thread; calls for one partition wait for each other.
class RedisStockFilter final : public StockFilter {
 public:
  /// random: only during this call.
  [[nodiscard]] static Result<std::unique_ptr<RedisStockFilter>> make(const redis::Address& address, const Clock& clock,
                                                                      Random& random, RedisFilterSettings settings);
  ~RedisStockFilter() override;

  [[nodiscard]] Screening screen(std::uint32_t partition, std::span<const Reserve> buys, WallTime now,
                                 std::chrono::milliseconds within) override;
  void settle(std::uint32_t partition, FilterEpoch epoch, std::span<const Settlement> settlements,
              std::span<const StockRecord> stocks, std::span<const OrderChange> changes,
              std::chrono::milliseconds within) override;
  [[nodiscard]] bool rebuild(std::uint32_t partition, std::span<const ProductRecord> products,
                             std::chrono::milliseconds within) override;
  void publish(std::uint32_t partition, std::span<const ProductRecord> products,
               std::chrono::milliseconds within) override;
  [[nodiscard]] bool remember(std::uint32_t partition, FilterEpoch epoch, std::span<const BuyerKey> keys, bool last,
                              std::chrono::milliseconds within) override;

  /// Why the last call for this partition failed; empty: it did not.
  [[nodiscard]] std::string why_away(std::uint32_t partition) const;

 private:
  struct Parcel;
  struct Partition;
  RedisStockFilter(const Clock& clock, RedisFilterSettings settings);
  [[nodiscard]] bool deliver(Partition& p, const Parcel& parcel, FilterEpoch epoch, FilterEpoch& now_open,
                             SteadyTime deadline);
  [[nodiscard]] bool deliver_backlog(Partition& p, SteadyTime deadline);

  const Clock& clock_;
  const RedisFilterSettings settings_;
  std::string nonce_;  ///< Keeps this process's takes and rebuilds apart from others'.
  std::atomic<std::uint64_t> rebuilds_{0};
  std::vector<std::unique_ptr<Partition>> partitions_;
};

}  // namespace scalemart
