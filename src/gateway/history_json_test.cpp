#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "gateway/history_routes.hpp"

namespace scalemart {
namespace {

constexpr std::int64_t kNow = 1'700'000'403;
constexpr WallTime at(std::int64_t second) {
  return {second * 1000};
}

HistoryQuery planned(std::optional<WallTime> from, std::optional<WallTime> to = {},
                     std::optional<std::int64_t> step = {}) {
  const auto plan = plan_history(from, to, step, at(kNow));
  EXPECT_TRUE(std::holds_alternative<HistoryQuery>(plan));
  return std::holds_alternative<HistoryQuery>(plan) ? std::get<HistoryQuery>(plan) : HistoryQuery{};
}
std::string refused(std::optional<WallTime> from, std::optional<WallTime> to = {},
                    std::optional<std::int64_t> step = {}) {
  const auto plan = plan_history(from, to, step, at(kNow));
  return std::holds_alternative<HistoryFault>(plan) ? std::get<HistoryFault>(plan).parameter : "";
}

TEST(PlanHistory, WithoutAnythingItIsTheLastQuarterOfAnHourBySeconds) {
  const HistoryQuery query = planned({});
  EXPECT_EQ(query.tier, 0u);
  EXPECT_EQ(query.to, kNow + 1) << "the second that is running";
  EXPECT_EQ(query.to - query.from, 900);
}

TEST(PlanHistory, TheFinestThatReachesBackAndFitsIsTaken) {
  EXPECT_EQ(planned(at(kNow - 900)).tier, 0u);
  EXPECT_EQ(planned(at(kNow - 901)).tier, 1u);
  EXPECT_EQ(planned(at(kNow - 8 * 3600)).tier, 1u);
  EXPECT_EQ(planned(at(kNow - 9 * 3600)).tier, 2u) << "more than 3000 points of ten seconds";
  EXPECT_EQ(planned(at(kNow - 25 * 3600), at(kNow - 24 * 3600 - 1800)).tier, 2u) << "no longer kept by ten seconds";
  EXPECT_EQ(planned(at(kNow - 20 * 24 * 3600)).tier, 3u);
  EXPECT_EQ(planned(at(kNow - 60 * 24 * 3600), at(kNow - 59 * 24 * 3600)).tier, 3u);
}

TEST(PlanHistory, StepsAreWhole) {
  const HistoryQuery query = planned(at(kNow - 3600), at(kNow - 5), 60);
  EXPECT_EQ(query.from % 60, 0);
  EXPECT_EQ(query.to % 60, 0);
  EXPECT_LE(query.from, kNow - 3600);
  EXPECT_GE(query.to, kNow - 5);
  EXPECT_EQ(planned(at(kNow - 50), at(kNow + 5000)).to, kNow + 1) << "the future is not drawn";
}

TEST(PlanHistory, WhatCannotBeIsRefused) {
  EXPECT_EQ(refused({}, {}, 7), "step");
  EXPECT_EQ(refused(at(kNow - 4000), {}, 1), "step");
  EXPECT_EQ(refused(at(kNow - 366 * 24 * 3600)), "from");
  EXPECT_EQ(refused(at(kNow + 100)), "from");
}

TEST(RenderHistory, EachColumnStandsAtItsPath) {
  const std::vector<HistoryColumn> columns{{"accepted"},
                                           {"latency_ms.p99", HistoryMerge::most, 1e3},
                                           {"refused.out_of_stock", HistoryMerge::sum, 1, true},
                                           {"refused.rate_limited", HistoryMerge::sum, 1, true},
                                           {"queue.mail.depth", HistoryMerge::most}};
  HistoryPage page;
  page.covered = {1, 0};
  page.columns = {{5, kUnknown}, {2500, kUnknown}, {0, kUnknown}, {4, kUnknown}, {0, kUnknown}};
  page.levels = {
      {HistoryLevel::Kind::revenue, "EUR", {{{100, kUnknown}, {0, kUnknown}, {1, kUnknown}}}},
      {HistoryLevel::Kind::stock, "lamp", {{{9, kUnknown}, {1, kUnknown}, {0, kUnknown}}}},
      {HistoryLevel::Kind::stock, "gone", {{{kUnknown, kUnknown}, {kUnknown, kUnknown}, {kUnknown, kUnknown}}}}};
  const HistoryQuery query{0, kNow, kNow + 2, {}};
  EXPECT_EQ(boost::json::serialize(render_history(query, page, columns)),
            R"({"from":"2023-11-14T22:20:03.000Z","to":"2023-11-14T22:20:05.000Z","step_seconds":1,"points":2,)"
            R"("covered_seconds":[1,0],"accepted":[5,null],"latency_ms":{"p99":[2.5E0,null]},)"
            R"("refused":{"rate_limited":[4,null]},"queue":{"mail":{"depth":[0,null]}},)"
            R"("revenue":[{"currency":"EUR","confirmed_minor":[100,null],"refunded_minor":[0,null]}],)"
            R"("stock":[{"product_id":"lamp","available":[9,null],"held":[1,null],"sold":[0,null]}]})");
  HistoryQuery asked = query;
  asked.products = {"lamp", "gone"};
  EXPECT_EQ(render_history(asked, page, columns).at("stock").as_array().size(), 2u) << "what is asked for is told";
}

}  // namespace
}  // namespace scalemart
