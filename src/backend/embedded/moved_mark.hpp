#pragma once
// The file `moved` in a data folder: its shop was moved to a shared database and is not sold from here any more.

#include <filesystem>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace scalemart {

struct MovedMark {
  std::string to;  ///< The database, without a password.
  WallTime at;
};

/// Durable when it returns.
[[nodiscard]] Result<void> mark_moved(const std::filesystem::path& folder, const MovedMark& mark);
/// Nothing: the folder's shop was not moved.
[[nodiscard]] std::optional<MovedMark> read_moved(const std::filesystem::path& folder);
/// Why nothing may be sold from this folder: where the shop is, and the way back. Empty: it was not moved.
[[nodiscard]] std::string why_moved(const std::filesystem::path& folder);

}  // namespace scalemart
