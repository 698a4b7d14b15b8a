#pragma once
// A queue outside the process as a console sees and steers it.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "port/order_queue.hpp"

namespace scalemart {

/// How many orders are where.
struct QueueDepths {
  std::array<std::uint64_t, kLaneCount> waiting{};  ///< Ready and not leased.
  std::array<std::uint64_t, kLaneCount> delayed{};  ///< Wait for a retry.
  std::array<std::uint64_t, kLaneCount> leased{};
  /// When the oldest entry of the lane was put in, leased or not.
  std::array<std::optional<WallTime>, kLaneCount> oldest{};
  bool paused = false;
};

/// Purpose: a look at the queue that all processes share, and the switch that stops it for all workers.
/// Concurrency: one thread. Each call blocks up to `within`, or so long for each partition of the queue.
class QueueControl {
 public:
  virtual ~QueueControl() = default;
  /// Nothing: the queue cannot be reached.
  [[nodiscard]] virtual std::optional<QueueDepths> look(std::chrono::milliseconds within) = 0;
  /// False: it was not told everywhere; say it again.
  [[nodiscard]] virtual bool pause(bool paused, std::chrono::milliseconds within) = 0;
};

}  // namespace scalemart
