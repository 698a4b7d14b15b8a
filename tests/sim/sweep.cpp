#include "tests/sim/sweep.hpp"

namespace scalemart::sim {

SweepResult sweep(std::uint64_t operations, MemoryJournal::Fault fault, std::uint64_t reserve) {
  const Settings settings = calm_settings(operations);
  SweepResult result;
  const Result calm = World(settings).run();
  result.places = calm.appends;
  result.violation = calm.violation;
  for (std::uint64_t place = 1; place <= result.places && result.violation.empty(); ++place) {
    const Result run = World(settings, {fault, place, reserve}).run();
    if (run.deaths > calm.deaths) ++result.deaths;
    if (!run.violation.empty()) result.violation = "append " + std::to_string(place) + ": " + run.violation;
  }
  return result;
}

}  // namespace scalemart::sim
