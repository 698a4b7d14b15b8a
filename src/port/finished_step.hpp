#pragma once
// One step of fulfilment that ended, for metrics and for the console's list.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "domain/order.hpp"

namespace scalemart {

struct FinishedStep {
  OrderId order;
  Step step = Step::payment;
  enum class Result : std::uint8_t { done, declined, retried, parked } result = Result::done;
  std::uint16_t attempts = 0;  ///< This one included: 1 went well at once.
  std::chrono::nanoseconds took{};
  WallTime at;
  std::string detail;
};
inline constexpr int kStepResultCount = 4;
[[nodiscard]] std::string_view to_text(FinishedStep::Result result);
[[nodiscard]] std::optional<FinishedStep::Result> parse_step_result(std::string_view text);

/// Worth an entry in a history: everything but a payment that went well, whose confirmation follows.
[[nodiscard]] constexpr bool is_news(const FinishedStep& step) {
  return step.step != Step::payment || step.result != FinishedStep::Result::done;
}

/// Told of every step that ended, on the fulfilment loop's thread; must be quick.
using StepHook = std::function<void(const FinishedStep&)>;

}  // namespace scalemart
