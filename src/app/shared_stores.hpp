#pragma once
// What the processes of a shared shop have in common, opened as the configuration names it.

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "app/config.hpp"
#include "backend/redis/address.hpp"
#include "backend/redis/client.hpp"
#include "backend/redis/functions.hpp"
#include "backend/shared/account_lanes.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "port/order_archive.hpp"
#include "port/sale_totals.hpp"
#include "port/system_of_record.hpp"

namespace scalemart {

/// Of SCALEMART_DATABASE of a shared shop; otherwise it is PostgreSQL.
[[nodiscard]] bool is_mongodb(std::string_view database);

/// Purpose: the database, opened and checked; each part has connections of its own.
struct SharedDatabase {
  std::unique_ptr<SystemOfRecord> record;
  std::unique_ptr<OrderArchive> archive;
  SaleTotalsSource* totals = nullptr;  ///< The archive's.
  std::unique_ptr<AccountLanes> accounts;
  /// The breaker of the record's connections is open. Any thread.
  std::function<bool()> is_cut_off;

  /// `random` outlives it and is nobody else's. An error is one line that names the setting and says what to do.
  [[nodiscard]] static Result<SharedDatabase> open(const Config& config, const Clock& clock, Random& random);
};

/// Purpose: Redis, checked, and clients of it: one a thread.
class SharedRedis {
 public:
  /// As above.
  [[nodiscard]] static Result<SharedRedis> open(const Config& config, const Clock& clock);

  [[nodiscard]] redis::Client client() const;
  [[nodiscard]] const redis::Address& address() const { return address_; }
  [[nodiscard]] const redis::Keyspace& keys() const { return keys_; }
  [[nodiscard]] std::uint32_t partitions() const { return partitions_; }

 private:
  SharedRedis(redis::Address address, const Clock& clock, std::uint32_t partitions)
      : address_(std::move(address)), clock_(&clock), partitions_(partitions) {}
  redis::Address address_;
  const Clock* clock_;
  redis::Keyspace keys_;
  std::uint32_t partitions_;
};

/// A token of one gateway must be good at all others.
inline constexpr std::string_view kNoCommonSecret =
    "SCALEMART_JWT_SECRET is not set: the processes of a shared shop must have the same; e.g. from: openssl rand "
    "-base64 "
    "48";

/// What is wrong with SCALEMART_REDIS as text, or nothing.
[[nodiscard]] std::optional<std::string> fault_of_redis(std::string_view setting);

}  // namespace scalemart
