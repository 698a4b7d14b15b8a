#pragma once
// How a system of record's database does, for `scalemart doctor`.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace scalemart {

struct DatabaseProbe {
  /// What is asked of it, and how it is said when that is so.
  struct Check {
    Result<void> result;
    std::string good;
  };
  /// Sorted, in milliseconds.
  using Times = std::vector<double>;

  std::string server;  ///< Name and version.
  Times answers;       ///< A question that reads nothing.
  Times commits;       ///< A commit that is durable everywhere it has to be; empty: this user may not try.
  Check settings;
  Check copies;                 ///< More than one has every yes.
  std::string wanted_copies;    ///< What SCALEMART_DATABASE_COPIES=2 asks for.
  std::optional<Check> tables;  ///< Nothing: there are none yet.

  /// `once` says whether it worked; empty when it did not.
  [[nodiscard]] static Times time(const std::function<bool()>& once, const Clock& clock);
};

}  // namespace scalemart
