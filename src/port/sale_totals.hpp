#pragma once
// The sale summed up over all its orders.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/order.hpp"

namespace scalemart {

struct SaleTotals {
  struct Money {
    std::string currency;
    MinorUnits confirmed = 0;  ///< Of orders that are confirmed now.
    MinorUnits refunded = 0;
    std::uint64_t units = 0;  ///< Sold now.
  };
  std::array<std::uint64_t, kOrderStatusCount> orders{};  ///< By status.
  std::uint64_t parked = 0;                               ///< Dead letters.
  std::vector<Money> money;                               ///< By currency.
  std::int64_t drift = 0;  ///< Units by which products and orders differ, where both can be seen at one moment.
};

/// Concurrency: any thread. Blocks; reads every order or an index entry of it, so ask seldom when there are many.
class SaleTotalsSource {
 public:
  virtual ~SaleTotalsSource() = default;
  [[nodiscard]] virtual Result<SaleTotals> totals() = 0;
};

}  // namespace scalemart
