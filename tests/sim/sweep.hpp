#pragma once
// One fault at every place of the same story.

#include <cstdint>
#include <string>

#include "tests/sim/world.hpp"

namespace scalemart::sim {

struct SweepResult {
  std::string violation;     ///< With the place; empty: everything held everywhere.
  std::uint64_t places = 0;  ///< Appends of the story without a fault.
  std::uint64_t deaths = 0;  ///< Runs in which the process died.
};

/// Tells the story of calm_settings(operations) without a fault, then again and again with `fault` at its
/// first, second,
/// ... last append to the journal; each time the shop recovers, goes on to the end, and is judged as ever.
/// `reserve`: release batches that a full disk still takes.
[[nodiscard]] SweepResult sweep(std::uint64_t operations, MemoryJournal::Fault fault, std::uint64_t reserve = 0);

}  // namespace scalemart::sim
