// Long runs of the simulator, for ./dev prove.
//   simulate [--first N] [--seeds N] [--ops N] [--seconds N]   seeds from N on, until there were so many or time is up
//   simulate --seed N [--ops N]                                one seed again
//   simulate --sweep [--ops N]                                 one fault at every append, for every kind of fault
// Exit 1: a promise was broken (the last line says how to see it again), or a fault was never reached.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/clock.hpp"
#include "tests/sim/abort_note.hpp"
#include "tests/sim/sweep.hpp"
#include "tests/sim/world.hpp"

namespace scalemart::sim {
namespace {

struct Wanted {
  std::uint64_t first = 1, seeds = 1000, operations = 20'000, seconds = UINT32_MAX;
  bool one = false, sweep = false;
};

/// False: wrong usage.
bool read_arguments(int count, char** arguments, Wanted& wanted) {
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    if (name == "--sweep") {
      wanted.sweep = true;
      continue;
    }
    if (++i == count) return false;
    char* end = nullptr;
    const std::uint64_t value = std::strtoull(arguments[i], &end, 10);
    if (*end != 0 || end == arguments[i]) return false;
    if (name == "--first")
      wanted.first = value;
    else if (name == "--seeds")
      wanted.seeds = value;
    else if (name == "--ops")
      wanted.operations = value;
    else if (name == "--seconds")
      wanted.seconds = value;
    else if (name == "--seed")
      wanted.first = value, wanted.one = true;
    else
      return false;
  }
  if (wanted.one) wanted.seeds = 1;
  return true;
}

int broken(const std::string& what, const std::string& again) {
  std::printf("BROKEN: %s\nagain: %s\n", what.c_str(), again.c_str());
  return 1;
}

int run_seeds(const Wanted& wanted) {
  const SystemClock clock;
  const SteadyTime begin = clock.steady();
  const SteadyTime until = begin + std::chrono::seconds(wanted.seconds);
  Tally tally;
  for (std::uint64_t seed = wanted.first; tally.runs < wanted.seeds && clock.steady() < until; ++seed) {
    const std::string again = "simulate --seed " + std::to_string(seed) + " --ops " + std::to_string(wanted.operations);
    note_for_abort("again: " + again);
    const Result result = run_seed(seed, wanted.operations);
    if (!result.violation.empty()) return broken(result.violation, again);
    if (wanted.one) std::printf("digest %016llx\n", static_cast<unsigned long long>(result.digest));
    tally.add(result.tally);
  }
  const double took = std::chrono::duration<double>(clock.steady() - begin).count();
  std::printf("seeds %llu to %llu, %llu operations at the least each; %.0f operations/s\n%s",
              static_cast<unsigned long long>(wanted.first),
              static_cast<unsigned long long>(wanted.first + tally.runs - 1),
              static_cast<unsigned long long>(wanted.operations), static_cast<double>(tally.operations) / took,
              tally.text().c_str());
  const auto missing = tally.missing();
  for (const std::string& line : missing) std::printf("NOT REACHED: %s\n", line.c_str());
  return missing.empty() ? 0 : 1;
}

int run_sweeps(const Wanted& wanted) {
  struct Kind {
    const char* name;
    MemoryJournal::Fault fault;
    std::uint64_t reserve;
  };
  constexpr Kind kKinds[] = {{"crash before durable", MemoryJournal::Fault::fatal_before_durable, 0},
                             {"crash after durable", MemoryJournal::Fault::fatal_after_durable, 0},
                             {"disk full, no reserve", MemoryJournal::Fault::no_space, 0},
                             {"disk full, some reserve", MemoryJournal::Fault::no_space, 5},
                             {"disk full, reserve", MemoryJournal::Fault::no_space, 1'000'000}};
  const std::string again = "simulate --sweep --ops " + std::to_string(wanted.operations);
  note_for_abort("again: " + again);
  for (const Kind& kind : kKinds) {
    const SweepResult result = sweep(wanted.operations, kind.fault, kind.reserve);
    if (!result.violation.empty()) return broken(std::string(kind.name) + ", " + result.violation, again);
    std::printf("%s: at each of %llu appends; the process died in %llu runs\n", kind.name,
                static_cast<unsigned long long>(result.places), static_cast<unsigned long long>(result.deaths));
  }
  return 0;
}

}  // namespace
}  // namespace scalemart::sim

int main(int count, char** arguments) {
  scalemart::sim::Wanted wanted;
  if (!scalemart::sim::read_arguments(count, arguments, wanted)) {
    std::fprintf(
        stderr,
        "usage: simulate [--first N] [--seeds N] [--ops N] [--seconds N] | --seed N [--ops N] | --sweep [--ops N]\n");
    return 2;
  }
  return wanted.sweep ? scalemart::sim::run_sweeps(wanted) : scalemart::sim::run_seeds(wanted);
}
