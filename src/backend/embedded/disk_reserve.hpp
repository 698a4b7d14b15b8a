#pragma once
// Room on the disk: how much is left, and a reserve that a full disk gives back to releases.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <mutex>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace scalemart {

/// Purpose: keeps a file of zeros (`ballast`) on the data disk. When the disk is full it is given up, so that
/// holds can still be released and payments still be recorded; it is made again when there is space.
/// Buys are welcome while the reserve stands and free space is above a threshold.
/// Concurrency: all from any thread. has_room() costs an atomic read and, at most five times a second, a
/// statvfs by one of the callers.
class DiskReserve {
 public:
  struct Options {
    std::uint64_t ballast_bytes = 64ULL << 20;
    std::uint64_t free_bytes_min = 64ULL << 20;  ///< Below this, buys are refused.
    std::chrono::milliseconds poll{200};
  };
  DiskReserve(std::filesystem::path folder, Options options, const Clock& clock);

  [[nodiscard]] bool has_room() noexcept;
  /// A write failed for want of space: no room from now on, and the ballast's blocks are free again.
  /// False: it had been given up before.
  bool give_up() noexcept;
  /// Looks at once, unless another thread is looking.
  void look() noexcept;
  [[nodiscard]] std::uint64_t free_bytes() const noexcept;

 private:
  [[nodiscard]] bool ballast_stands() const noexcept;
  [[nodiscard]] bool make_ballast() const noexcept;

  const std::filesystem::path folder_;
  const std::filesystem::path ballast_;
  const Options options_;
  const Clock& clock_;
  std::mutex mutex_;  ///< Guards the ballast file.
  std::atomic<bool> room_{false};
  std::atomic<std::int64_t> next_look_ns_{0};
};

}  // namespace scalemart
