#pragma once
// A queue outside the process as a console sees and steers it.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

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

/// An order that was looked for.
struct QueuedOrder {
  enum class Where : std::uint8_t { nowhere, waiting, delayed, leased } where = Where::nowhere;
  OpenOrder order;       ///< As it was put in.
  WallTime due{};        ///< delayed
  std::string consumer;  ///< leased: who has it, as it calls itself to the queue.
};

/// Purpose: a look at the queue that all processes share, and the switch that stops it for all workers.
/// Concurrency: one thread. Each call blocks up to `within`, or so long for each partition of the queue.
class QueueControl {
 public:
  virtual ~QueueControl() = default;
  /// Nothing: the queue cannot be reached.
  [[nodiscard]] virtual std::optional<QueueDepths> look(std::chrono::milliseconds within) = 0;
  /// Where one order is, looked for from end to end. Nothing: the queue cannot be reached, or is too long.
  [[nodiscard]] virtual std::optional<QueuedOrder> find(OrderId order, std::chrono::milliseconds within) = 0;
  /// False: it was not told everywhere; say it again.
  [[nodiscard]] virtual bool pause(bool paused, std::chrono::milliseconds within) = 0;
};

}  // namespace scalemart
