#include "fulfilment/shared/worker_card.hpp"

#include <gtest/gtest.h>

namespace scalemart {
namespace {

WorkerCard a_card() {
  WorkerCard card;
  card.view.id = "night-1";
  card.view.place = {"host", 4711, false};
  card.view.heard = {1'700'000'000'123};
  card.view.draining = true;
  card.view.concurrency = 100'000;
  card.view.in_flight = 1;
  card.view.papers_in_flight = 2;
  card.view.confirmed = 1ULL << 60;
  card.view.declined = 4;
  card.view.retries = 5;
  card.view.parked = 6;
  card.view.papers_done = 7;
  card.view.lost = 8;
  card.view.breakers = {BreakerState::open, BreakerState::closed, BreakerState::half_open, BreakerState::closed};
  card.since = {1'600'000'000'000};
  card.finished[1] = {12, 1.5};
  card.declined = {4, 0.25};
  FinishedStep step;
  step.order = {1, 2};
  step.step = Step::mail;
  step.result = FinishedStep::Result::retried;
  step.attempts = 3;
  step.took = std::chrono::microseconds(1500);
  step.at = {1'700'000'000'000};
  step.detail = "a \"quoted\" line\n";
  card.recent.push_back(step);
  return card;
}

TEST(WorkerCard, SurvivesTheWayThroughARegistry) {
  const WorkerCard card = a_card();
  const auto read = parse_worker_card(to_json(card));
  ASSERT_TRUE(read);
  EXPECT_EQ(to_json(*read), to_json(card));
  EXPECT_EQ(read->view.id, "night-1");
  EXPECT_EQ(read->view.place.pid, 4711u);
  EXPECT_FALSE(read->view.place.in_server);
  EXPECT_TRUE(read->view.draining);
  EXPECT_EQ(read->view.concurrency, 100'000u);
  EXPECT_EQ(read->view.confirmed, 1ULL << 60);
  EXPECT_EQ(read->view.lost, 8u);
  EXPECT_EQ(read->view.breakers, card.view.breakers);
  EXPECT_EQ(read->finished[1].total, 12u);
  EXPECT_EQ(read->finished[1].per_second, 1.5);
  EXPECT_EQ(read->declined.per_second, 0.25);
  ASSERT_EQ(read->recent.size(), 1u);
  EXPECT_EQ(read->recent[0].order, (OrderId{1, 2}));
  EXPECT_EQ(read->recent[0].took, std::chrono::microseconds(1500));
  EXPECT_EQ(read->recent[0].detail, "a \"quoted\" line\n");
}

TEST(WorkerCard, HasBounds) {
  WorkerCard card = a_card();
  card.recent[0].detail = std::string(5000, '\xff') + "tail";
  card.recent.resize(200, card.recent[0]);
  const std::string text = to_json(card);
  EXPECT_LT(text.size(), 12'000u);
  const auto read = parse_worker_card(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->recent.size(), kCardSteps);
  EXPECT_EQ(read->recent[0].detail, std::string(kCardDetail, '?'));
}

TEST(WorkerCard, AnothersOrBrokenOneIsNoCard) {
  for (const char* text : {"", "{", "[]", "3", "{}", R"({"id":""})", R"({"id":3})"})
    EXPECT_FALSE(parse_worker_card(text));
  const auto read = parse_worker_card(
      R"({"id":"x","pid":-1,"concurrency":"many","steps":{"payment":{"breaker":9,"total":-2}},"recent":[1,{"order":"?"}],)"
      R"("new":{}})");
  ASSERT_TRUE(read) << "what is wrong or unknown in it is left out";
  EXPECT_EQ(read->view.concurrency, 0u);
  EXPECT_EQ(read->view.breakers[0], BreakerState::closed);
  EXPECT_TRUE(read->recent.empty());
}

}  // namespace
}  // namespace scalemart
