#include "port/finished_step.hpp"

#include <array>

namespace scalemart {

std::string_view to_text(FinishedStep::Result result) {
  constexpr std::array<std::string_view, kStepResultCount> kNames{"done", "declined", "retried", "parked"};
  return kNames[static_cast<std::size_t>(result)];
}

std::optional<FinishedStep::Result> parse_step_result(std::string_view text) {
  for (int i = 0; i < kStepResultCount; ++i)
    if (to_text(static_cast<FinishedStep::Result>(i)) == text) return static_cast<FinishedStep::Result>(i);
  return std::nullopt;
}

}  // namespace scalemart
