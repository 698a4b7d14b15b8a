#pragma once
// Ties a Redis to the one shop whose database it stands in front of.

#include "app/shared_stores.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "port/account_store.hpp"

namespace scalemart {

/// Purpose: a shop has an id, made by its first gateway and kept in its database. Redis has it as a mark. Counters,
/// orders and limits of one shop are never taken for another's.
/// Operation: the id is put into Redis first, for a short time, and stays when the database has it too; of several who
/// begin at once with an unmarked Redis one alone goes on, and the others find what it made.
/// Concurrency: one thread; each call waits for both.
class ShopMark {
 public:
  ShopMark(AccountStore& accounts, const SharedRedis& redis, const Clock& clock)
      : accounts_(accounts), redis_(redis), clock_(clock) {}

  /// One line with what to do, when this Redis has another shop's mark. One without a mark is anybody's.
  [[nodiscard]] Result<void> check() const;
  /// Also sees to it that both have the id.
  [[nodiscard]] Result<void> make(Random& random) const;

 private:
  [[nodiscard]] Result<std::string> id() const;
  [[nodiscard]] Result<void> keep(const std::string& id) const;

  AccountStore& accounts_;
  const SharedRedis& redis_;
  const Clock& clock_;
};

/// Of a database that is known to have no id: whether Redis has a mark all the same.
[[nodiscard]] Result<void> check_unmarked(const SharedRedis& redis);

}  // namespace scalemart
