#include "gateway/wheel.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace scalemart {
namespace {

using std::chrono::milliseconds;

struct Entry : WheelEntry {
  SteadyTime deadline = SteadyTime::max();
  int fired = 0;
};

TEST(Wheel, FiresOnceAndNeverEarly) {
  const SteadyTime start(milliseconds(12'345));
  Wheel wheel(start, milliseconds(100));
  Entry entry;
  wheel.set(entry, start + milliseconds(1000));
  SteadyTime now = start;
  const auto advance = [&](milliseconds by) {
    now += by;
    wheel.advance(now, [](WheelEntry& e) { ++static_cast<Entry&>(e).fired; });
  };
  advance(milliseconds(999));
  EXPECT_EQ(entry.fired, 0);
  advance(milliseconds(250));
  EXPECT_EQ(entry.fired, 1);
  advance(milliseconds(100'000));
  EXPECT_EQ(entry.fired, 1);
}

TEST(Wheel, AgreesWithAListOfDeadlines) {
  const unsigned seed = 20261122;
  std::mt19937 random(seed);
  SCOPED_TRACE(seed);
  SteadyTime now(milliseconds(777));
  Wheel wheel(now, milliseconds(10));
  std::vector<Entry> entries(200);
  for (int step = 0; step < 5000; ++step) {
    Entry& entry = entries[random() % entries.size()];
    switch (random() % 4) {
      case 0:
        wheel.remove(entry);
        entry.deadline = SteadyTime::max();
        break;
      default:
        entry.deadline = now + milliseconds(random() % 20'000);
        wheel.set(entry, entry.deadline);
    }
    now += milliseconds(random() % 40);
    wheel.advance(now, [&](WheelEntry& e) {
      auto& fired = static_cast<Entry&>(e);
      ASSERT_LE(fired.deadline, now);
      fired.deadline = SteadyTime::max();
    });
    for (const Entry& e : entries) ASSERT_GT(e.deadline, now - milliseconds(20)) << "late by more than two ticks";
  }
  for (Entry& e : entries) wheel.remove(e);
}

}  // namespace
}  // namespace scalemart
