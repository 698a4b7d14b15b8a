#include "base/clock.hpp"

#include <ctime>

namespace scalemart {
namespace {

std::int64_t read_ns(clockid_t id) noexcept {
  timespec t{};
  clock_gettime(id, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

SteadyTime SystemClock::steady() const noexcept {
  return SteadyTime(std::chrono::nanoseconds(read_ns(CLOCK_BOOTTIME)));
}
WallTime SystemClock::wall() const noexcept {
  return {read_ns(CLOCK_REALTIME) / 1'000'000};
}

}  // namespace scalemart
