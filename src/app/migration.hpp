#pragma once
// `scalemart migrate`: the shop of a data folder becomes a shared one.

#include <memory>
#include <string>
#include <vector>

#include "app/config.hpp"
#include "app/operations.hpp"
#include "base/clock.hpp"
#include "port/shop_sums.hpp"

namespace scalemart {

struct MigrationReport {
  std::string from;  ///< The folder.
  std::string to;    ///< The database, without a password.
  bool dry_run = false;
  bool was_there = false;  ///< Copied by an earlier run that did not get to mark the folder.
  bool target_has_tables = false;
  VerifyReport proof;  ///< Of the folder's records.
  ShopSums sums;       ///< Of the folder, and so of the copy.
  std::uint64_t changed_texts = 0;
  std::chrono::milliseconds took{0};
};

/// Purpose: copies everything to the database that the configuration names, compares every row, proves the copy and
/// marks the folder as moved. Operation: what was interrupted is begun again; nothing of it is seen until it is whole.
/// refused: the folder's records contradict themselves, the database has a shop, or the copy differs. cannot_run: a
/// server uses the folder, or the database cannot be reached.
[[nodiscard]] Done<MigrationReport> migrate_shop(const Config& config, bool dry_run, const Clock& clock);

}  // namespace scalemart
