#include "app/history_recorder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace scalemart {
namespace {

using namespace std::chrono_literals;

/// Remembers what it was given.
class Notebook final : public SaleHistory {
 public:
  explicit Notebook(std::vector<HistoryColumn> columns) : columns_(std::move(columns)) {}
  [[nodiscard]] const std::vector<HistoryColumn>& columns() const noexcept override { return columns_; }
  bool put(HistoryBatch batch) noexcept override {
    for (const HistoryRow& row : batch.rows) rows[{row.tier, row.at}] = row;
    for (const HistoryLevel& level : batch.levels) levels.push_back(level);
    for (const FinishedStep& step : batch.steps) ended.push_back(step);
    ++batches;
    return true;
  }
  [[nodiscard]] Result<HistoryPage> read(const HistoryQuery&) override { return HistoryPage{}; }
  [[nodiscard]] Result<StepPage> steps(const StepSearch&) override { return StepPage{}; }
  [[nodiscard]] Result<std::optional<HistoryRow>> row(std::size_t tier, std::int64_t at) override {
    const auto found = rows.find({tier, at});
    return found == rows.end() ? std::nullopt : std::optional(found->second);
  }

  std::map<std::pair<std::size_t, std::int64_t>, HistoryRow> rows;
  std::vector<HistoryLevel> levels;
  std::vector<FinishedStep> ended;
  int batches = 0;

 private:
  std::vector<HistoryColumn> columns_;
};

constexpr std::int64_t kBegin = 1'700'000'400;  // a whole minute and no whole hour
static_assert(kBegin % 60 == 0 && kBegin % 3600 != 0);

class Recorder : public ::testing::Test {
 protected:
  enum Column : std::size_t { kCount, kWaiting, kLevel, kDrift, kP50, kP99 };

  std::vector<HistorySource> sources() {
    return {{{"count", HistoryMerge::sum}, [this] { return count; }},
            {{"waiting", HistoryMerge::most}, [this] { return waiting; }},
            {{"level", HistoryMerge::last}, [this] { return level; }},
            {{"drift", HistoryMerge::farthest}, [this] { return drift; }},
            {{"p50", HistoryMerge::most}, {}, &duration, 0.5},
            {{"p99", HistoryMerge::most}, {}, &duration, 0.99}};
  }
  void start() {
    recorder.emplace(HistoryRecorder::Parts{notebook, [this] { return WallTime{now_ms}; }, catalogue, counts},
                     sources());
    recorder->pulse();
  }
  /// The next second begins.
  void pass(int seconds = 1) {
    for (int i = 0; i < seconds; ++i) {
      now_ms += 1000;
      recorder->pulse();
      recorder->pulse();  // a second pulse in the same second does nothing
    }
  }
  std::int64_t value(std::size_t tier, std::int64_t at, Column column) {
    const auto found = notebook.rows.find({tier, at});
    return found == notebook.rows.end() ? std::numeric_limits<std::int64_t>::max() : found->second.values[column];
  }
  std::int64_t covered(std::size_t tier, std::int64_t at) {
    const auto found = notebook.rows.find({tier, at});
    return found == notebook.rows.end() ? -1 : found->second.covered;
  }
  void add_product(const std::string& id, Stock stock) {
    auto spec = std::make_shared<ProductSpec>();
    spec->id = id;
    const ProductRef ref{static_cast<std::uint32_t>(catalogue.current()->all().size())};
    catalogue.set(ref, spec, false, false);
    catalogue.publish(ref, stock, 1);
  }
  std::vector<HistoryLevel> levels_of(std::size_t tier, const std::string& name) {
    std::vector<HistoryLevel> found;
    for (const HistoryLevel& one : notebook.levels)
      if (one.tier == tier && one.name == name) found.push_back(one);
    return found;
  }

  std::int64_t now_ms = kBegin * 1000;
  std::int64_t count = 1000, waiting = 0, level = 0, drift = 0;
  Histogram duration{Histogram::Unit::seconds};
  Catalogue catalogue;
  SaleCounts counts;
  Notebook notebook{columns_of(sources())};
  std::optional<HistoryRecorder> recorder;
};

TEST_F(Recorder, ASecondHoldsWhatHappenedInIt) {
  start();
  EXPECT_TRUE(notebook.rows.empty()) << "what was before is nobody's second";
  count += 7;
  waiting = 3;
  level = 9;
  drift = -2;
  duration.record(5ms);
  pass();
  EXPECT_EQ(value(0, kBegin, kCount), 7);
  EXPECT_EQ(value(0, kBegin, kWaiting), 3);
  EXPECT_EQ(value(0, kBegin, kLevel), 9);
  EXPECT_EQ(value(0, kBegin, kDrift), -2);
  EXPECT_NEAR(static_cast<double>(value(0, kBegin, kP50)), 5000, 320);
  pass();
  EXPECT_EQ(value(0, kBegin + 1, kCount), 0);
  EXPECT_EQ(value(0, kBegin + 1, kP50), kUnknown) << "nothing was measured";
}

TEST_F(Recorder, CoarseStepsAreMadeOfTheirSeconds) {
  start();
  const std::int64_t waits[] = {1, 8, 2, 0, 0, 0, 0, 0, 0, 4};
  for (int i = 0; i < 10; ++i) {
    count += i;
    waiting = waits[i];
    level = i;
    drift = i == 4 ? -5 : i == 5 ? 3 : 0;
    for (int n = 0; n < 99; ++n) duration.record(1ms);
    if (i == 9) duration.record(900ms);
    pass();
  }
  EXPECT_EQ(covered(1, kBegin), 10);
  EXPECT_EQ(value(1, kBegin, kCount), 45);
  EXPECT_EQ(value(1, kBegin, kWaiting), 8) << "the most";
  EXPECT_EQ(value(1, kBegin, kLevel), 9) << "the last";
  EXPECT_EQ(value(1, kBegin, kDrift), -5) << "the farthest: an alarm does not vanish in a minute";
  EXPECT_LT(value(1, kBegin, kP99), 1100) << "of all ten seconds, not the worst second's";
  EXPECT_GT(value(0, kBegin + 9, kP99), 1000);
  EXPECT_EQ(value(2, kBegin, kCount), 45) << "the running minute is known so far";
  EXPECT_EQ(covered(2, kBegin), 10);
  count += 100;
  pass(50);
  EXPECT_EQ(value(2, kBegin, kCount), 145);
  EXPECT_EQ(covered(2, kBegin), 60);
  EXPECT_EQ(covered(3, kBegin - kBegin % 3600), 60);
  EXPECT_EQ(value(3, kBegin - kBegin % 3600, kCount), 145);
}

TEST_F(Recorder, AStallLeavesAGapAndLosesNothing) {
  start();
  pass(4);
  count += 5;
  now_ms += 17'000;
  recorder->pulse();
  EXPECT_EQ(covered(1, kBegin), 4) << "written although its end was not seen";
  EXPECT_EQ(value(0, kBegin + 20, kCount), 5);
  EXPECT_EQ(covered(0, kBegin + 15), -1);
  recorder->stop();
  EXPECT_EQ(value(1, kBegin + 20, kCount), 5);
  EXPECT_EQ(value(2, kBegin, kCount), 5);
}

TEST_F(Recorder, TheNextProcessGoesOnWithTheStep) {
  start();
  count += 3;
  waiting = 50;
  for (int i = 0; i < 10; ++i) duration.record(800ms);
  pass(5);
  recorder->stop();
  EXPECT_EQ(covered(1, kBegin), 5);
  const auto p99 = value(1, kBegin, kP99);
  waiting = 2;
  count = 0;  // of another process
  start();
  count += 4;
  duration.record(1ms);
  pass(2);
  recorder->stop();
  EXPECT_EQ(covered(1, kBegin), 7);
  EXPECT_EQ(value(1, kBegin, kCount), 7);
  EXPECT_EQ(value(1, kBegin, kWaiting), 50);
  EXPECT_EQ(value(1, kBegin, kP99), p99) << "the worse of both";
}

TEST_F(Recorder, ASumThatLooksSmallerForAMomentIsNotCountedTwice) {
  start();
  count += 10;
  pass();
  count -= 4;
  pass();
  count += 9;
  pass();
  EXPECT_EQ(value(0, kBegin + 1, kCount), 0);
  EXPECT_EQ(value(0, kBegin + 2, kCount), 5);
}

TEST_F(Recorder, LevelsAreWrittenWhenTheyChange) {
  add_product("lamp", {10, 10, 0, 0});
  start();
  pass(3);
  EXPECT_EQ(levels_of(0, "lamp").size(), 1u);
  catalogue.publish(ProductRef{0}, {10, 7, 2, 1}, 2);
  counts.sold(Currency{}, 1, 500);
  pass(7);
  const auto seconds = levels_of(0, "lamp");
  ASSERT_EQ(seconds.size(), 2u);
  EXPECT_EQ(seconds[1].at, kBegin + 3);
  EXPECT_EQ(seconds[1].values, (HistoryLevel::Values{7, 2, 1}));
  ASSERT_EQ(levels_of(1, "lamp").size(), 1u) << "as it was at the end of the ten seconds";
  EXPECT_EQ(levels_of(1, "lamp")[0].values, (HistoryLevel::Values{7, 2, 1}));
  const auto revenue = levels_of(1, std::string(Currency{}.text()));
  ASSERT_EQ(revenue.size(), 1u);
  EXPECT_EQ(revenue[0].kind, HistoryLevel::Kind::revenue);
  EXPECT_EQ(revenue[0].values, (HistoryLevel::Values{500, 0, 1}));
  catalogue.set(ProductRef{0}, catalogue.current()->all()[0].spec, false, true);
  pass(1);
  EXPECT_EQ(levels_of(0, "lamp").back().values, (HistoryLevel::Values{kUnknown, kUnknown, kUnknown}));
}

TEST_F(Recorder, FinishedStepsAreKeptWithinBounds) {
  start();
  FinishedStep step;
  step.step = Step::confirm;
  for (std::size_t i = 0; i < HistoryRecorder::kDoneEachSecond + 5; ++i) recorder->step_ended(step);
  step.step = Step::payment;
  recorder->step_ended(step);  // a payment that was done: its confirmation is told
  step.result = FinishedStep::Result::retried;
  for (std::size_t i = 0; i < HistoryRecorder::kOthersEachSecond + 5; ++i) recorder->step_ended(step);
  pass();
  const auto retried = std::count_if(notebook.ended.begin(), notebook.ended.end(),
                                     [](const FinishedStep& s) { return s.result == FinishedStep::Result::retried; });
  EXPECT_EQ(retried, static_cast<std::ptrdiff_t>(HistoryRecorder::kOthersEachSecond));
  EXPECT_EQ(notebook.ended.size(), HistoryRecorder::kOthersEachSecond + HistoryRecorder::kDoneEachSecond);
  recorder->step_ended(step);
  recorder->stop();
  EXPECT_EQ(notebook.ended.size(), HistoryRecorder::kOthersEachSecond + HistoryRecorder::kDoneEachSecond + 1);
}

TEST(Merged, UnknownIsNeutral) {
  for (const auto merge : {HistoryMerge::sum, HistoryMerge::most, HistoryMerge::farthest, HistoryMerge::last}) {
    EXPECT_EQ(merged(merge, kUnknown, 5), 5);
    EXPECT_EQ(merged(merge, 5, kUnknown), 5);
    EXPECT_EQ(merged(merge, kUnknown, kUnknown), kUnknown);
  }
}

}  // namespace
}  // namespace scalemart
