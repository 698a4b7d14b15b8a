#pragma once
// What a worker says about itself to the consoles of all processes.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fulfilment/queue_view.hpp"
#include "port/finished_step.hpp"

namespace scalemart {

/// Steps that ended well, and how many a second lately.
struct StepCount {
  std::uint64_t total = 0;
  double per_second = 0;
};

struct WorkerCard {
  WorkerView view;
  WallTime since;  ///< It began.
  std::array<StepCount, kStepCount> finished{};
  StepCount declined;
  std::vector<FinishedStep> recent;  ///< Newest first.
};

/// Bounds of a card's text: one worker must not fill a registry.
inline constexpr std::size_t kCardSteps = 30;
inline constexpr std::size_t kCardDetail = 200;

[[nodiscard]] std::string to_json(const WorkerCard& card);
/// Nothing: another program's, or broken. Members that are not there keep their defaults, unknown ones do no harm.
[[nodiscard]] std::optional<WorkerCard> parse_worker_card(std::string_view text);

}  // namespace scalemart
