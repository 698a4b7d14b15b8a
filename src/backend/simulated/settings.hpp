#pragma once
// simulated:?latency=2s&decline=0%&timeout=0%&charged_no_answer=0%&error=0%&reject=0%&jitter=0s&seed=1&book=FILE

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace scalemart {

struct SimulatedPaymentSettings {
  std::chrono::nanoseconds latency = std::chrono::seconds(2);
  std::chrono::nanoseconds jitter{};  ///< Every answer takes latency ± up to this, never less than zero.
  double decline = 0;                 ///< Shares in [0, 1].
  double timeout = 0;                 ///< Of calls: nothing is charged and no answer comes.
  double charged_no_answer = 0;       ///< Of orders: the first charge takes the money and no answer comes.
  double error = 0;                   ///< Of calls: the provider is unavailable, nothing is charged.
  double reject = 0;                  ///< Of orders: the charge can never work; they go to the dead letters.
  std::uint64_t seed = 1;
  std::string book;  ///< A file in which charges are kept, for all processes that name it. Empty: in memory.
};

/// Strict: an unknown or repeated name, a missing unit or a share outside 0%..100% is an error that says
/// which.
[[nodiscard]] Result<SimulatedPaymentSettings> parse_simulated_payment(std::string_view text);

}  // namespace scalemart
