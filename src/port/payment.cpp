#include "port/payment.hpp"

#include <array>

#include "base/check.hpp"

namespace scalemart {

std::string_view to_text(PaymentOutcome outcome) {
  constexpr std::array<std::string_view, 8> kNames{"approved", "declined",    "in_progress", "not_found",
                                                   "unknown",  "unavailable", "rejected",    "misconfigured"};
  const auto index = static_cast<std::size_t>(outcome);
  SCALEMART_CHECK(index < kNames.size());
  return kNames[index];
}

}  // namespace scalemart
