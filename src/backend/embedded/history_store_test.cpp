#include "backend/embedded/history_store.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>
#include <thread>

#include "backend/embedded/test_folder.hpp"

namespace scalemart {
namespace {

using Kind = HistoryLevel::Kind;
constexpr std::int64_t kNow = 1'700'000'000;  // a multiple of 10 (not of 60)

class HistoryStoreTest : public ::testing::Test {
 protected:
  static std::vector<HistoryColumn> columns() {
    return {{"accepted", HistoryMerge::sum}, {"latency_ms.p99", HistoryMerge::most, 1e3}};
  }
  [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "history.db"; }
  void open(std::vector<HistoryColumn> with = columns()) {
    store_.reset();
    HistoryStore::Options options;
    options.file = file();
    options.columns = std::move(with);
    options.idle = false;
    options.has_room = [this] { return has_room_.load(); };
    options.waiting_max = 50;
    options.on_note = [this](const std::string& line) { notes_.push_back(line); };
    auto opened = HistoryStore::open(std::move(options));
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }
  static HistoryRow row(std::int64_t at, std::int64_t accepted, std::int64_t p99 = kUnknown, std::size_t tier = 0) {
    return {tier, at, 1, {accepted, p99}};
  }
  void put(std::int64_t now, std::vector<HistoryRow> rows, std::vector<HistoryLevel> levels = {},
           std::vector<FinishedStep> steps = {}) {
    ASSERT_TRUE(store_->put({now, std::move(rows), std::move(levels), std::move(steps)}));
  }
  HistoryPage read(std::int64_t from, std::int64_t to, std::size_t tier = 0, std::vector<std::string> products = {}) {
    const auto page = store_->read({tier, from, to, std::move(products)});
    EXPECT_TRUE(page) << page.error().message;
    return page ? *page : HistoryPage{};
  }
  static std::vector<std::int64_t> available(const HistoryPage& page, const std::string& product) {
    for (const auto& levels : page.levels)
      if (levels.kind == Kind::stock && levels.name == product) return levels.values[0];
    return {};
  }
  std::int64_t count(const std::string& sql) {
    store_.reset();  // it has the file for itself
    sqlite3* db = nullptr;
    EXPECT_EQ(sqlite3_open(file().c_str(), &db), SQLITE_OK);
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
    const std::int64_t found = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return found;
  }

  test::TestFolder folder_;
  std::atomic<bool> has_room_{true};
  std::vector<std::string> notes_;
  std::unique_ptr<HistoryStore> store_;
};

constexpr std::int64_t U = kUnknown;

TEST_F(HistoryStoreTest, PointsAreWhereTheyBelongAndGapsStayOpen) {
  open();
  put(kNow, {row(kNow, 5, 1200), row(kNow + 2, 7)});
  const HistoryPage page = read(kNow - 1, kNow + 4);
  EXPECT_EQ(page.covered, (std::vector<std::int64_t>{0, 1, 0, 1, 0}));
  EXPECT_EQ(page.columns.at(0), (std::vector<std::int64_t>{U, 5, U, 7, U}));
  EXPECT_EQ(page.columns.at(1), (std::vector<std::int64_t>{U, 1200, U, U, U}));
}

TEST_F(HistoryStoreTest, TiersAreApartAndAStepIsReplaced) {
  open();
  put(kNow, {row(kNow, 5, 1, 1), row(kNow, 1)});
  put(kNow, {row(kNow, 9, 2, 1)});
  EXPECT_EQ(read(kNow, kNow + 10, 1).columns.at(0), std::vector<std::int64_t>{9});
  EXPECT_EQ(read(kNow, kNow + 1).columns.at(0), std::vector<std::int64_t>{1});
  const auto one = store_->row(1, kNow);
  ASSERT_TRUE(one && *one);
  EXPECT_EQ((*one)->values, (std::vector<std::int64_t>{9, 2}));
  const auto none = store_->row(1, kNow + 10);
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
}

TEST_F(HistoryStoreTest, EverythingSurvivesARestart) {
  open();
  FinishedStep step;
  step.order = {1, 2};
  step.step = Step::invoice;
  step.result = FinishedStep::Result::retried;
  step.attempts = 3;
  step.took = std::chrono::microseconds(1500);
  step.at = {kNow * 1000};
  step.detail = "no route";
  put(kNow, {row(kNow, 5)}, {{0, kNow, Kind::stock, "lamp", {8, 1, 1}}, {0, kNow, Kind::revenue, "EUR", {100, 0, 1}}},
      {step});
  open();
  const HistoryPage page = read(kNow, kNow + 1);
  EXPECT_EQ(page.columns.at(0), std::vector<std::int64_t>{5});
  ASSERT_EQ(page.levels.size(), 2u);
  EXPECT_EQ(page.levels[0].name, "EUR");
  EXPECT_EQ(page.levels[0].values[0], std::vector<std::int64_t>{100});
  EXPECT_EQ(page.levels[1].values[2], std::vector<std::int64_t>{1});
  const auto steps = store_->steps({});
  ASSERT_TRUE(steps);
  ASSERT_EQ(steps->steps.size(), 1u);
  const FinishedStep& found = steps->steps[0];
  EXPECT_EQ(found.order, step.order);
  EXPECT_EQ(found.step, step.step);
  EXPECT_EQ(found.result, step.result);
  EXPECT_EQ(found.attempts, 3);
  EXPECT_EQ(found.took, step.took);
  EXPECT_EQ(found.at, step.at);
  EXPECT_EQ(found.detail, "no route");
  EXPECT_TRUE(notes_.empty());
}

TEST_F(HistoryStoreTest, ALevelHoldsUntilTheNextButNotWhereNobodyWatched) {
  open();
  put(kNow, {row(kNow, 0), row(kNow + 1, 0)}, {{0, kNow, Kind::stock, "lamp", {9, 0, 0}}});
  put(kNow, {row(kNow + 3, 0), row(kNow + 4, 0)}, {{0, kNow + 3, Kind::stock, "lamp", {4, 5, 0}}});
  EXPECT_EQ(available(read(kNow - 1, kNow + 5), "lamp"), (std::vector<std::int64_t>{U, 9, 9, U, 4, 4}));
  EXPECT_EQ(available(read(kNow + 1, kNow + 2), "lamp"), std::vector<std::int64_t>{9}) << "it began before";
  put(kNow, {row(kNow + 5, 0)}, {{0, kNow + 5, Kind::stock, "lamp", {U, U, U}}});
  EXPECT_EQ(available(read(kNow + 4, kNow + 6), "lamp"), (std::vector<std::int64_t>{4, U})) << "the product is gone";
}

TEST_F(HistoryStoreTest, TheBusiestProductsAreShownUnlessOthersAreAskedFor) {
  open();
  std::vector<HistoryLevel> levels;
  std::vector<HistoryRow> rows;
  for (std::int64_t i = 0; i < 30; ++i) {
    rows.push_back(row(kNow + i, 0));
    for (std::int64_t product = 0; product <= i; ++product)  // p0 changes most often
      levels.push_back({0, kNow + i, Kind::stock, "p" + std::to_string(product), {i, 0, 0}});
  }
  put(kNow + 30, rows, levels);
  const HistoryPage page = read(kNow, kNow + 30);
  ASSERT_EQ(page.levels.size(), 20u);
  EXPECT_EQ(page.levels[0].name, "p0");
  EXPECT_EQ(page.levels[19].name, "p19");
  const HistoryPage asked = read(kNow, kNow + 30, 0, {"p29", "never-heard-of"});
  ASSERT_EQ(asked.levels.size(), 2u);
  EXPECT_EQ(asked.levels[0].values[0].back(), 29);
  EXPECT_EQ(asked.levels[1].values[0].back(), U);
}

TEST_F(HistoryStoreTest, OldStepsAndLevelsGoButTheLastLevelStillHolds) {
  open();
  const std::int64_t kept = kHistoryTiers[0].kept;
  put(kNow, {row(kNow, 1), row(kNow + 1, 1)},
      {{0, kNow, Kind::stock, "lamp", {9, 0, 0}}, {0, kNow + 1, Kind::stock, "lamp", {8, 1, 0}}});
  const std::int64_t later = kNow + kept + 100;
  for (std::int64_t i = 0; i < 8; ++i) put(later + i, {row(later + i, 1)});
  EXPECT_EQ(available(read(later, later + 2), "lamp"), (std::vector<std::int64_t>{8, 8}));
  EXPECT_EQ(count("SELECT count(*) FROM step WHERE tier = 0"), 8);
  EXPECT_EQ(count("SELECT count(*) FROM level WHERE tier = 0"), 1);
}

TEST_F(HistoryStoreTest, LevelsOfManyProductsShareTheRoom) {
  open();
  constexpr std::int64_t kProducts = 1500;  // so that each may have few
  std::vector<HistoryLevel> levels;
  for (std::int64_t product = 0; product < kProducts; ++product)
    levels.push_back({3, kNow, Kind::stock, "p" + std::to_string(product), {1, 0, 0}});
  put(kNow, {}, levels);
  levels.clear();
  for (std::int64_t i = 1; i <= 400; ++i) levels.push_back({3, kNow + i * 3600, Kind::stock, "p0", {i, 0, 0}});
  put(kNow, {}, levels);
  for (std::int64_t i = 0; i < kProducts * 4 / 8 + 1; ++i) {
    if (i % 40 == 0) static_cast<void>(read(kNow, kNow + 1));
    put(kNow, {});
  }
  EXPECT_EQ(count("SELECT count(*) FROM level JOIN subject ON id = subject WHERE name = 'p0'"), 200);
  EXPECT_EQ(count("SELECT count(*) FROM level JOIN subject ON id = subject WHERE name = 'p1'"), 1);
}

TEST_F(HistoryStoreTest, FinishedStepsAreSearchedPagedAndForgotten) {
  open();
  std::vector<FinishedStep> steps;
  for (std::uint64_t i = 1; i <= 12'000; ++i) {
    FinishedStep step;
    step.order = {7, i};
    step.step = i % 2 == 0 ? Step::confirm : Step::mail;
    step.result = i % 100 == 0 ? FinishedStep::Result::parked : FinishedStep::Result::done;
    step.at = {static_cast<std::int64_t>(i)};
    steps.push_back(step);
  }
  put(kNow, {}, {}, steps);
  const auto ids = [&](StepSearch search) {
    std::vector<std::uint64_t> found;
    const auto page = store_->steps(search);
    EXPECT_TRUE(page) << page.error().message;
    if (page)
      for (const FinishedStep& step : page->steps) found.push_back(step.order.lo);
    return found;
  };
  EXPECT_EQ(ids({.limit = 2}), (std::vector<std::uint64_t>{12'000, 11'999}));
  EXPECT_EQ(ids({.step = Step::mail, .limit = 2}), (std::vector<std::uint64_t>{11'999, 11'997}));
  EXPECT_EQ(ids({.result = FinishedStep::Result::parked, .limit = 2}), (std::vector<std::uint64_t>{12'000, 11'900}));
  EXPECT_EQ(ids({.order = OrderId{7, 11'950}}), std::vector<std::uint64_t>{11'950});
  EXPECT_TRUE(ids({.step = Step::mail, .order = OrderId{7, 11'950}}).empty());
  const auto page = store_->steps({.result = FinishedStep::Result::parked, .limit = 119});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->steps.back().order.lo, 200u) << "of what is rare nothing is forgotten";
  EXPECT_EQ(ids({.result = FinishedStep::Result::parked, .before = page->next}), std::vector<std::uint64_t>{100});
  EXPECT_EQ(count("SELECT count(*) FROM finished WHERE result = 0"), 10'000);
}

TEST_F(HistoryStoreTest, ANewColumnJoinsAnOldFile) {
  open();
  put(kNow, {row(kNow, 5, 6)});
  open({{"accepted"}, {"refused.new_reason"}});
  put(kNow, {{0, kNow + 1, 1, {7, 8}}});
  const HistoryPage page = read(kNow, kNow + 2);
  EXPECT_EQ(page.columns.at(0), (std::vector<std::int64_t>{5, 7}));
  EXPECT_EQ(page.columns.at(1), (std::vector<std::int64_t>{U, 8}));
  open();
  EXPECT_EQ(read(kNow, kNow + 2).columns.at(1), (std::vector<std::int64_t>{6, U}));
}

TEST_F(HistoryStoreTest, ADamagedFileIsMadeAnew) {
  open();
  put(kNow, {row(kNow, 5)});
  store_.reset();
  std::ofstream(file(), std::ios::trunc) << "this is no database, and longer than a header of one hundred bytes "
                                            "would be, so that SQLite looks at it at all";
  open();
  EXPECT_EQ(notes_.size(), 1u);
  EXPECT_EQ(read(kNow, kNow + 1).covered, std::vector<std::int64_t>{0});
  put(kNow, {row(kNow, 6)});
  EXPECT_EQ(read(kNow, kNow + 1).columns.at(0), std::vector<std::int64_t>{6});
}

TEST_F(HistoryStoreTest, WithoutRoomNothingIsRemembered) {
  open();
  has_room_ = false;
  put(kNow, {row(kNow, 5)});
  put(kNow, {row(kNow + 1, 5)});
  EXPECT_EQ(read(kNow, kNow + 2).covered, (std::vector<std::int64_t>{0, 0}));
  EXPECT_EQ(notes_.size(), 1u) << "said once";
  has_room_ = true;
  put(kNow, {row(kNow + 2, 5)});
  EXPECT_EQ(read(kNow + 2, kNow + 3).covered, std::vector<std::int64_t>{1});
}

TEST_F(HistoryStoreTest, WhatCannotWaitIsDropped) {
  open();
  for (int i = 0; i < 50; ++i) put(kNow, {row(kNow + i, i)});
  EXPECT_FALSE(store_->put({kNow, {row(kNow + 50, 50)}, {}, {}}));
  EXPECT_EQ(read(kNow, kNow + 51).covered.back(), 0);
  EXPECT_TRUE(store_->put({kNow, {row(kNow + 50, 50)}, {}, {}}));
}

TEST_F(HistoryStoreTest, ManyThreadsPutAndOneWrites) {
  open();
  store_->start();
  std::vector<std::thread> threads;
  std::atomic<int> taken{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i)
        while (!store_->put({kNow, {row(kNow + t * 100 + i, 1)}, {}, {}})) std::this_thread::yield();
      taken += 100;
    });
  for (auto& thread : threads) thread.join();
  store_->stop();
  const HistoryPage page = read(kNow, kNow + 400);
  EXPECT_EQ(std::count(page.covered.begin(), page.covered.end(), 1), 400);
}

}  // namespace
}  // namespace scalemart
