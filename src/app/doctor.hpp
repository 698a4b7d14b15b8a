#pragma once
// What `scalemart doctor` looks at: whether this machine keeps what the shop promises.

#include <string>
#include <vector>

#include "app/config.hpp"
#include "base/clock.hpp"

namespace scalemart {

struct Finding {
  enum class Verdict : std::uint8_t { good, odd, bad };
  Verdict verdict = Verdict::good;
  std::string check;   ///< open_files, disk_space, sync_latency, ...
  std::string detail;  ///< What was found, and what to do about it.
};

/// Runs every check. Writes and removes one small file in the data folder (or where it will be made).
[[nodiscard]] std::vector<Finding> examine(const Config& config, const Clock& clock);

}  // namespace scalemart
