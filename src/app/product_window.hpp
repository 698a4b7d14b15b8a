#pragma once
// How fast each product went in the last seconds.

#include <array>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/clock.hpp"
#include "flow/catalogue.hpp"

namespace scalemart {

struct ProductRate {
  double accepted_per_second = 0;  ///< Orders.
  double units_per_second = 0;     ///< That left `available` for buyers, less those that came back.
};

/// Purpose: samples every product once a second and says its rates over the last ten. 24 bytes a product and second.
/// Concurrency: tick() from one thread, rates() from any.
class ProductWindow {
 public:
  static constexpr std::size_t kSeconds = 10;

  void tick(const Offers& offers, SteadyTime now);
  /// By ProductRef; a product younger than the newest sample is missing at the end.
  [[nodiscard]] std::vector<ProductRate> rates() const;

 private:
  struct Count {
    std::uint64_t accepted = 0;
    std::int64_t taken = 0;  ///< held + sold: a restock does not change it.
  };
  struct Sample {
    SteadyTime at{};
    std::vector<Count> products;
  };
  mutable std::mutex mutex_;
  std::array<Sample, kSeconds + 1> ring_;  ///< Guarded by mutex_.
  std::size_t next_ = 0;
  std::size_t filled_ = 0;
};

}  // namespace scalemart
