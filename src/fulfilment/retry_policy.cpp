#include "fulfilment/retry_policy.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace scalemart {

std::chrono::nanoseconds RetryPolicy::delay(std::uint16_t attempt, Random& random) const {
  SCALEMART_CHECK(attempt >= 1);
  // Doubling step by step, so that no shift can overflow.
  std::chrono::nanoseconds ceiling = std::min(base, cap);
  for (int i = 1; i < attempt && ceiling < cap; ++i) ceiling = std::min(ceiling * 2, cap);
  if (ceiling <= floor) return floor;
  const auto span = static_cast<std::uint64_t>((ceiling - floor).count());
  return floor + std::chrono::nanoseconds(static_cast<std::int64_t>(random.below(span + 1)));
}

}  // namespace scalemart
