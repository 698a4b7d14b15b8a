#include "port/database_probe.hpp"

#include <algorithm>

namespace scalemart {

DatabaseProbe::Times DatabaseProbe::time(const std::function<bool()>& once, const Clock& clock) {
  constexpr int kTries = 30;
  Times times;
  for (int i = 0; i < kTries; ++i) {
    const SteadyTime begin = clock.steady();
    if (!once()) return {};
    times.push_back(std::chrono::duration<double, std::milli>(clock.steady() - begin).count());
  }
  std::sort(times.begin(), times.end());
  return times;
}

}  // namespace scalemart
