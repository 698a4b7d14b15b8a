#include "fulfilment/scaling.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <deque>
#include <queue>
#include <vector>

#include "base/random.hpp"
#include "fulfilment/testing.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;
using testing::Plant;

constexpr Concurrency kBounds(10, 2000);

ScalingState decide(std::uint32_t was, const ScalingSigns& signs) {
  ScalingState state;
  state.concurrency = was;
  return next_scaling(state, kBounds, signs, SteadyTime(1h));
}

TEST(Scaling, DoublesOnlyWhenFullLateAndWell) {
  const auto oldest = [](std::uint32_t busiest, std::chrono::nanoseconds waited, BreakerState breaker) {
    ScalingState state;
    state.concurrency = 100;
    state.busy = SteadyTime(1h);
    return next_scaling(state, kBounds, {busiest, waited, breaker}, SteadyTime(1h)).concurrency;
  };
  EXPECT_EQ(oldest(100, 1s, BreakerState::closed), 200u);
  EXPECT_EQ(oldest(100, 999ms, BreakerState::closed), 100u) << "not late yet";
  EXPECT_EQ(oldest(99, 1s, BreakerState::closed), 100u) << "a slot was free";
  EXPECT_EQ(oldest(100, 1h, BreakerState::open), 100u) << "more calls would fail as well";
  EXPECT_EQ(oldest(100, 1h, BreakerState::half_open), 100u);
}

TEST(Scaling, HoldsWhileOrdersGetLessLate) {
  ScalingState state;
  state.concurrency = 100;
  state.oldest = 20s;
  EXPECT_EQ(next_scaling(state, kBounds, {100, 19s}, SteadyTime(1h)).concurrency, 100u);
  EXPECT_EQ(next_scaling(state, kBounds, {100, 20s}, SteadyTime(1h)).concurrency, 200u);
}

TEST(Scaling, NeverLeavesItsBounds) {
  EXPECT_EQ(decide(1500, {1500, 1h}).concurrency, 2000u);
  EXPECT_EQ(decide(2000, {2000, 1h}).concurrency, 2000u);
  EXPECT_EQ(decide(11, {0, 0s}).concurrency, 10u);
  EXPECT_EQ(decide(10, {0, 0s}).concurrency, 10u);
  EXPECT_EQ(decide(5, {5, 0s}).concurrency, 10u) << "the bounds were changed";
  EXPECT_EQ(decide(5000, {5000, 1h}).concurrency, 2000u);
}

TEST(Scaling, GoesDownByAQuarterAfterLongCalmAndSlowly) {
  ScalingState state;
  state.concurrency = 1000;
  state.busy = state.changed = SteadyTime(1h);
  std::vector<std::pair<int, std::uint32_t>> steps;
  for (int second = 1; second <= 60; ++second) {
    const std::uint32_t before = state.concurrency;
    state = next_scaling(state, kBounds, {100, 0s}, SteadyTime(1h) + std::chrono::seconds(second));
    if (state.concurrency != before) steps.emplace_back(second, state.concurrency);
  }
  const std::vector<std::pair<int, std::uint32_t>> expected{{30, 750}, {40, 563}, {50, 423}, {60, 318}};
  EXPECT_EQ(steps, expected);
}

// --- a surge, second by second

struct Surge {
  double per_second = 0;  ///< Before and after the surge, for ever.
  int burst = 0;          ///< Orders that come in the second kBurstAt.
  std::chrono::milliseconds latency_min = 1500ms, latency_max = 2500ms;
  int run_s = 400;
};
constexpr int kBurstAt = 20;

struct Course {
  double drained_s = -1;  ///< From the burst to the moment nobody waited.
  int ups = 0, downs = 0, reversals = 0;
  std::uint32_t least = UINT32_MAX, most = 0, last = 0;
  std::vector<std::uint32_t> by_second;
};

/// Workers' slots over a queue, in steps of 10 ms; nothing but the seed is by chance.
Course run(const Surge& surge, const Concurrency& bounds, std::uint64_t seed) {
  constexpr std::int64_t kStepMs = 10;
  SeededRandom random(seed);
  std::deque<std::int64_t> waiting;  // when each came
  std::priority_queue<std::int64_t, std::vector<std::int64_t>, std::greater<>> ends;
  ScalingState state;
  state.concurrency = bounds.min;
  ScalingSigns signs;
  Course course;
  int direction = 0;
  double due = 0;
  for (std::int64_t ms = 0; ms < std::int64_t{surge.run_s} * 1000; ms += kStepMs) {
    for (due += surge.per_second * kStepMs / 1000; due >= 1; --due) waiting.push_back(ms);
    if (ms == kBurstAt * 1000)
      for (int i = 0; i < surge.burst; ++i) waiting.push_back(ms);
    while (!ends.empty() && ends.top() <= ms) ends.pop();
    while (!waiting.empty() && ends.size() < state.concurrency) {
      signs.oldest = std::max<std::chrono::nanoseconds>(signs.oldest, std::chrono::milliseconds(ms - waiting.front()));
      waiting.pop_front();
      const auto spread = static_cast<std::uint64_t>((surge.latency_max - surge.latency_min).count()) + 1;
      ends.push(ms + surge.latency_min.count() + static_cast<std::int64_t>(random.next() % spread));
    }
    signs.busiest = std::max(signs.busiest, static_cast<std::uint32_t>(ends.size()));
    if (course.drained_s < 0 && ms > kBurstAt * 1000 && waiting.empty())
      course.drained_s = static_cast<double>(ms) / 1000 - kBurstAt;
    if (ms % 1000 != 0) continue;
    const std::uint32_t before = state.concurrency;
    if (!bounds.is_fixed()) state = next_scaling(state, bounds, signs, SteadyTime(1h + std::chrono::milliseconds(ms)));
    signs = {};
    const int moved = state.concurrency > before ? 1 : state.concurrency < before ? -1 : 0;
    course.ups += moved > 0;
    course.downs += moved < 0;
    course.reversals += moved != 0 && direction != 0 && moved != direction;
    if (moved != 0) direction = moved;
    course.least = std::min(course.least, state.concurrency);
    course.most = std::max(course.most, state.concurrency);
    course.by_second.push_back(state.concurrency);
  }
  course.last = state.concurrency;
  return course;
}

TEST(ScalingSurge, DrainsFastWithoutFlappingAndComesBack) {
  const Surge surge{.per_second = 3, .burst = 10'000};
  const Course fixed_min = run({.per_second = 0, .burst = 10'000, .run_s = 3000}, kBounds.min, 1);
  const Course fixed_max = run(surge, kBounds.max, 1);
  ASSERT_GT(fixed_min.drained_s, 0);
  std::printf("10000 orders in one second, payments of 1.5 to 2.5 s, 3 orders a second besides\n");
  std::printf("  %-12s drained in %7.1f s\n  %-12s drained in %7.1f s\n", "fixed 10", fixed_min.drained_s, "fixed 2000",
              fixed_max.drained_s);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Course course = run(surge, kBounds, seed);
    if (seed == 1) {
      std::printf("  %-12s drained in %7.1f s; %d up, %d down, %d reversal; by second:", "10..2000", course.drained_s,
                  course.ups, course.downs, course.reversals);
      for (std::size_t i = kBurstAt; i < course.by_second.size(); i += 10) std::printf(" %u", course.by_second[i]);
      std::printf("\n");
    }
    SCOPED_TRACE("seed " + std::to_string(seed));
    EXPECT_GT(course.drained_s, 0);
    EXPECT_LT(course.drained_s, fixed_min.drained_s / 40);
    EXPECT_LT(course.drained_s, fixed_max.drained_s + 25) << "what the climb costs";
    EXPECT_LE(course.reversals, 1) << "up, and down again once it is over";
    EXPECT_GE(course.least, kBounds.min);
    EXPECT_LE(course.most, kBounds.max);
    EXPECT_LE(course.last, 4 * 6u) << "six are in hand at three a second";
  }
}

/// Where capacity is just what is needed a bad rule swings.
TEST(ScalingSurge, SettlesUnderASteadyLoad) {
  for (const double load : {20.0, 50.0, 100.0, 333.0}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const Course course = run({.per_second = load, .burst = 0, .run_s = 900}, kBounds, seed);
      SCOPED_TRACE(std::to_string(load) + " orders a second, seed " + std::to_string(seed));
      EXPECT_LE(course.reversals, 1);
      EXPECT_GE(course.last, load * 2) << "latency is two seconds";
      EXPECT_LE(course.last, load * 8);
      EXPECT_EQ(course.by_second[450], course.last) << "it moves no more";
    }
  }
}

// --- the worker itself, over its queue and a bank

class ScalingWorker : public ::testing::Test {
 protected:
  Plant& plant(WorkerSettings settings) {
    plant_ = std::make_unique<Plant>(ledger_, bank_, papers_, clock_, std::move(settings));
    return *plant_;
  }
  void sell(int count) {
    for (int i = 0; i < count; ++i) ledger_.reserve();
  }
  std::uint32_t now() { return plant_->worker.view().concurrency; }

  ManualClock clock_;
  testing::TinyLedger ledger_{clock_};
  testing::ScriptedBank bank_{clock_};
  testing::PaperTrail papers_;
  std::unique_ptr<Plant> plant_;
};

TEST_F(ScalingWorker, GrowsWithASurgeAndShrinksAfterIt) {
  Plant& p = plant({.concurrency = Concurrency(5, 200)});
  EXPECT_EQ(now(), 5u);
  sell(2000);
  ASSERT_TRUE(p.finish(60s)) << "fixed at 5 it would take 800 s";
  EXPECT_EQ(now(), 200u);
  EXPECT_LE(bank_.most_in_flight, 200);
  p.run(5min, [] { return false; });
  EXPECT_EQ(now(), 5u);
}

TEST_F(ScalingWorker, OpenBreakerDoesNotMakeItGrow) {
  bank_.script = [](OrderId, int) {
    return testing::ScriptedBank::Line{testing::ScriptedBank::Truth::nothing, PaymentOutcome::unavailable};
  };
  bank_.latency = 100ms;
  Plant& p = plant({.concurrency = Concurrency(30, 1000)});
  sell(3000);
  ASSERT_TRUE(p.run(20s, [&] { return p.worker.view().breakers[0] == BreakerState::open; }));
  const std::uint32_t then = now();
  p.run(2min, [] { return false; });
  EXPECT_EQ(now(), then);
  bank_.script = {};
  ASSERT_TRUE(p.run(2min, [&] { return now() > then; })) << "when it has closed it may";
}

TEST_F(ScalingWorker, BoundsAreChangedWhileItWorks) {
  Plant& p = plant({.concurrency = 10});
  sell(1000);
  p.run(10s, [] { return false; });
  EXPECT_EQ(now(), 10u) << "a number stays";
  p.worker.set_concurrency(Concurrency(20, 40));
  EXPECT_EQ(now(), 20u);
  p.run(10s, [] { return false; });
  EXPECT_EQ(now(), 40u);
  EXPECT_EQ(p.worker.view().bounds, Concurrency(20, 40));
  p.worker.set_concurrency(7);
  EXPECT_EQ(now(), 7u);
}

TEST(ConcurrencyText, IsANumberOrBounds) {
  EXPECT_EQ(parse_concurrency("200"), Concurrency(200));
  EXPECT_EQ(parse_concurrency("10..400"), Concurrency(10, 400));
  EXPECT_EQ(parse_concurrency("7..7"), Concurrency(7));
  EXPECT_EQ(to_text(Concurrency(10, 400)), "10..400");
  EXPECT_EQ(to_text(Concurrency(9)), "9");
  for (const char* wrong : {"", "0", "..", "1..", "..5", "5..1", "0..5", "-1", "1...5", "1..100001", "100001", "1.5",
                            " 1", "1..2..3", "99999999999"})
    EXPECT_FALSE(parse_concurrency(wrong)) << wrong;
}

}  // namespace
}  // namespace scalemart
