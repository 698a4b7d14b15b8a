// The whole program but its network, in simulated time, through crashes, full disks, lost answers and bad
// banks.
//   SCALEMART_SIM_SEEDS (150), SCALEMART_SIM_OPS (4000), SCALEMART_SIM_FIRST_SEED (1); SCALEMART_SIM_SEED:
//   this one only.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "tests/sim/abort_note.hpp"
#include "tests/sim/sweep.hpp"
#include "tests/sim/world.hpp"

namespace scalemart::sim {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kSeeds = 25;
#else
constexpr std::uint64_t kSeeds = 150;
#endif
constexpr std::uint64_t kOperations = 4000;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

std::string again(std::uint64_t seed, std::uint64_t operations) {
  return "again: SCALEMART_SIM_SEED=" + std::to_string(seed) + " SCALEMART_SIM_OPS=" + std::to_string(operations) +
         " simulator_tests --gtest_filter=Simulator.EverySeedKeepsEveryPromise";
}

TEST(Simulator, EverySeedKeepsEveryPromise) {
  const std::uint64_t only = from_environment("SCALEMART_SIM_SEED", 0);
  const std::uint64_t first = only != 0 ? only : from_environment("SCALEMART_SIM_FIRST_SEED", 1);
  const std::uint64_t seeds = only != 0 ? 1 : from_environment("SCALEMART_SIM_SEEDS", kSeeds);
  const std::uint64_t operations = from_environment("SCALEMART_SIM_OPS", kOperations);
  Tally tally;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    note_for_abort(again(seed, operations));
    const Result result = run_seed(seed, operations);
    ASSERT_EQ(result.violation, "") << "seed " << seed << "; " << again(seed, operations);
    tally.add(result.tally);
  }
  std::printf("seeds %llu to %llu\n%s", static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(first + seeds - 1), tally.text().c_str());
  for (const std::string& line : tally.missing()) ADD_FAILURE() << "the simulator no longer reaches it: " << line;
}

TEST(Simulator, SameSeedIsTheSameHistory) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const Result once = run_seed(seed, 1500);
    const Result twice = run_seed(seed, 1500);
    EXPECT_EQ(once.digest, twice.digest) << "seed " << seed;
    EXPECT_EQ(once.tally.events, twice.tally.events) << "seed " << seed;
  }
  EXPECT_NE(run_seed(1, 1500).digest, run_seed(2, 1500).digest);
}

struct Place {
  const char* name;
  MemoryJournal::Fault fault;
  std::uint64_t reserve;
  bool dies;  ///< Every time.
};

void PrintTo(const Place& place, std::ostream* out) {
  *out << place.name;
}

class Everywhere : public ::testing::TestWithParam<Place> {};

TEST_P(Everywhere, OneFaultAtAnyAppendBreaksNoPromise) {
  const Place& place = GetParam();
  note_for_abort("in simulator_tests --gtest_filter=*Everywhere*");
  const SweepResult result = sweep(500, place.fault, place.reserve);
  EXPECT_EQ(result.violation, "");
  EXPECT_GT(result.places, 100U);
  if (place.dies) {
    EXPECT_EQ(result.deaths, result.places);
  }
  std::printf("%llu places, the process died at %llu\n", static_cast<unsigned long long>(result.places),
              static_cast<unsigned long long>(result.deaths));
}

INSTANTIATE_TEST_SUITE_P(
    Journal, Everywhere,
    ::testing::Values(Place{"CrashBeforeDurable", MemoryJournal::Fault::fatal_before_durable, 0, true},
                      Place{"CrashAfterDurable", MemoryJournal::Fault::fatal_after_durable, 0, true},
                      Place{"DiskFullWithoutReserve", MemoryJournal::Fault::no_space, 0, true},
                      Place{"DiskFullWithSomeReserve", MemoryJournal::Fault::no_space, 5, false},
                      Place{"DiskFullWithReserve", MemoryJournal::Fault::no_space, 1'000'000, false}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace scalemart::sim
