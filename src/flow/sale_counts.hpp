#pragma once
// The sale in numbers, as of the last durable batch.

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "domain/order.hpp"

namespace scalemart {

/// Purpose: what monitors ask for once a second, kept current by the ledger's thread.
/// Concurrency: one writer; readers on any thread.
class SaleCounts {
 public:
  struct Money {
    MinorUnits confirmed = 0;  ///< Of orders that are confirmed now.
    MinorUnits refunded = 0;
    std::uint64_t units = 0;  ///< Sold now.
  };

  void set_status(OrderStatus status, std::uint64_t orders) noexcept {
    by_status_[place(status)].store(orders, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t of(OrderStatus status) const noexcept {
    return by_status_[place(status)].load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t orders() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& count : by_status_) sum += count.load(std::memory_order_relaxed);
    return sum;
  }
  void set_parked(std::uint64_t orders) noexcept { parked_.store(orders, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t parked() const noexcept { return parked_.load(std::memory_order_relaxed); }

  void sold(Currency currency, std::uint32_t units, MinorUnits total);
  void refunded(Currency currency, std::uint32_t units, MinorUnits total);
  /// Instead of adding one by one, for who is told the sums.
  void set_money(std::map<std::string, Money, std::less<>> money);
  /// By currency.
  [[nodiscard]] std::map<std::string, Money, std::less<>> money() const;

 private:
  static std::size_t place(OrderStatus status) { return static_cast<std::size_t>(status); }
  std::array<std::atomic<std::uint64_t>, kOrderStatusCount> by_status_{};
  std::atomic<std::uint64_t> parked_{0};
  mutable std::mutex mutex_;
  std::map<std::string, Money, std::less<>> money_;  ///< Guarded by mutex_.
};

}  // namespace scalemart
