#include "backend/simulated/payment.hpp"

#include <gtest/gtest.h>

#include <map>

namespace scalemart {
namespace {

using namespace std::chrono_literals;
using enum PaymentOutcome;

struct SimulatedPaymentTest : ::testing::Test {
  static OrderId order(std::uint64_t n) { return {n * 77, n}; }
  PaymentDone hear(std::uint64_t n) {
    return [this, n](PaymentResult result) { heard[n].push_back(std::move(result)); };
  }
  [[nodiscard]] ChargeRequest request(std::uint64_t n) const {
    ChargeRequest request;
    request.order = order(n);
    request.amount = 100;
    request.deadline = clock.steady() + 30s;
    return request;
  }
  void charge(SimulatedPayment& bank, std::uint64_t n) { bank.charge(request(n), hear(n)); }
  void lookup(SimulatedPayment& bank, std::uint64_t n) { bank.lookup(request(n), hear(n)); }
  void pass(SimulatedPayment& bank, std::chrono::nanoseconds time) {
    clock.advance(time);
    bank.answer_due();
  }
  SimulatedPaymentSettings settings;
  ManualClock clock;
  std::map<std::uint64_t, std::vector<PaymentResult>> heard;
};

TEST_F(SimulatedPaymentTest, AnswersAfterItsLatencyOnce) {
  SimulatedPayment bank(clock, settings);
  for (std::uint64_t n = 0; n < 20'000; ++n) charge(bank, n);
  EXPECT_EQ(bank.in_flight(), 20'000u);
  pass(bank, 1999ms);
  EXPECT_TRUE(heard.empty());
  pass(bank, 1ms);
  ASSERT_EQ(heard.size(), 20'000u);
  for (const auto& [n, results] : heard) {
    ASSERT_EQ(results.size(), 1u);
    EXPECT_EQ(results[0].outcome, approved);
    EXPECT_EQ(results[0].reference, "sim_" + to_string(order(n)));
  }
  EXPECT_EQ(bank.in_flight(), 0u);
}

TEST_F(SimulatedPaymentTest, ARejectedOrderIsRejectedAgain) {
  settings.reject = 1;
  SimulatedPayment bank(clock, settings);
  charge(bank, 1);
  pass(bank, 2s);
  charge(bank, 1);
  pass(bank, 2s);
  ASSERT_EQ(heard[1].size(), 2u);
  for (const PaymentResult& result : heard[1]) EXPECT_EQ(result.outcome, rejected);
  EXPECT_EQ(bank.in_flight(), 0u);
}

TEST_F(SimulatedPaymentTest, TheDecisionDependsOnOrderAndSeedAlone) {
  settings.decline = 0.3;
  SimulatedPayment first(clock, settings), restarted(clock, settings);
  int declines = 0;
  for (std::uint64_t n = 0; n < 2000; ++n) {
    charge(first, n);
    charge(first, n);
    charge(restarted, n);
  }
  pass(first, 2s);
  restarted.answer_due();
  for (const auto& [n, results] : heard) {
    ASSERT_EQ(results.size(), 3u);
    EXPECT_EQ(results[0].outcome, results[1].outcome);
    EXPECT_EQ(results[0].outcome, results[2].outcome);
    declines += results[0].outcome == declined;
  }
  EXPECT_GT(declines, 500);
  EXPECT_LT(declines, 700);
  heard.clear();
  settings.seed = 2;
  SimulatedPayment other(clock, settings);
  int changed = 0;
  for (std::uint64_t n = 0; n < 2000; ++n) {
    charge(first, n);
    charge(other, n);
  }
  pass(first, 2s);
  other.answer_due();
  for (const auto& [n, results] : heard) changed += results[0].outcome != results[1].outcome;
  EXPECT_GT(changed, 100);
}

TEST_F(SimulatedPaymentTest, ChargedWithoutAnswerIsFoundByLookupAndByTheSameKey) {
  settings.charged_no_answer = 1;
  SimulatedPayment bank(clock, settings);
  charge(bank, 1);
  charge(bank, 2);
  pass(bank, 29s);
  EXPECT_TRUE(heard.empty());
  pass(bank, 1s);
  EXPECT_EQ(heard[1].back().outcome, unknown);
  lookup(bank, 1);
  charge(bank, 2);
  pass(bank, 2s);
  EXPECT_EQ(heard[1].back().outcome, approved);
  EXPECT_EQ(heard[2].back().outcome, approved);
}

TEST_F(SimulatedPaymentTest, ATimeoutChargesNothingAndALaterCallMaySucceed) {
  settings.timeout = 0.5;
  SimulatedPayment bank(clock, settings);
  for (std::uint64_t n = 0; n < 100; ++n) charge(bank, n);
  pass(bank, 30s);
  int silent = 0;
  for (std::uint64_t n = 0; n < 100; ++n) {
    if (heard[n].back().outcome != unknown) continue;
    ++silent;
    lookup(bank, n);
    pass(bank, 2s);
    EXPECT_EQ(heard[n].back().outcome, not_found);
    for (int i = 0; i < 20 && heard[n].back().outcome != approved; ++i) {
      charge(bank, n);
      pass(bank, 30s);
    }
    EXPECT_EQ(heard[n].back().outcome, approved);
  }
  EXPECT_GT(silent, 25);
  EXPECT_LT(silent, 75);
}

TEST_F(SimulatedPaymentTest, ErrorsAreAnsweredAsUnavailable) {
  settings.error = 1;
  SimulatedPayment bank(clock, settings);
  charge(bank, 1);
  pass(bank, 2s);
  EXPECT_EQ(heard[1].back().outcome, unavailable);
}

TEST_F(SimulatedPaymentTest, ACancelledOrderCannotBeCharged) {
  SimulatedPayment bank(clock, settings);
  charge(bank, 1);
  bank.cancel(request(1), hear(1));
  charge(bank, 1);
  lookup(bank, 1);
  pass(bank, 2s);
  ASSERT_EQ(heard[1].size(), 4u);
  int declines = 0;
  for (const PaymentResult& result : heard[1]) declines += result.outcome == declined;
  EXPECT_EQ(declines, 2);
}

TEST_F(SimulatedPaymentTest, ABuyerPaysOrThePaymentIsWithdrawnNeverBoth) {
  SimulatedPayment bank(clock, settings);
  for (const std::uint64_t n : {1U, 2U}) {
    bank.open(request(n), [&](CheckoutResult result) { heard[n].push_back(result.state); });
    EXPECT_EQ(heard[n].back().outcome, in_progress);
    lookup(bank, n);
    pass(bank, 2s);
    EXPECT_EQ(heard[n].back().outcome, in_progress);
  }
  charge(bank, 1);
  pass(bank, 2s);
  for (const std::uint64_t n : {1U, 2U}) {
    for (int twice = 0; twice < 2; ++twice) {
      bank.withdraw(request(n), hear(n));
      pass(bank, 2s);
      EXPECT_EQ(heard[n].back().outcome, n == 1 ? approved : declined);
    }
    charge(bank, n);
    lookup(bank, n);
    pass(bank, 2s);
    EXPECT_EQ(heard[n].back().outcome, n == 1 ? approved : declined);
    bank.open(request(n), [&](CheckoutResult result) { heard[n].push_back(result.state); });
    EXPECT_EQ(heard[n].back().outcome, n == 1 ? approved : declined);
  }
}

TEST_F(SimulatedPaymentTest, AnAnswerPastTheDeadlineIsUnknown) {
  settings.latency = 1min;
  SimulatedPayment bank(clock, settings);
  charge(bank, 1);
  pass(bank, 30s);
  ASSERT_EQ(heard[1].size(), 1u);
  EXPECT_EQ(heard[1][0].outcome, unknown);
}

TEST_F(SimulatedPaymentTest, AThreadAnswersAndStops) {
  settings.latency = 5ms;
  SystemClock real;
  std::atomic<int> answers{0};
  {
    SimulatedPayment bank(real, settings);
    bank.start();
    for (std::uint64_t n = 0; n < 100; ++n) {
      ChargeRequest request;
      request.order = order(n);
      request.deadline = real.steady() + 30s;
      bank.charge(std::move(request), [&](PaymentResult) {
        ++answers;
        answers.notify_all();
      });
    }
    for (int seen = answers; seen < 100; seen = answers) answers.wait(seen);
  }
  EXPECT_EQ(answers, 100);
}

TEST(SimulatedPaymentSettings, AreParsedStrictly) {
  const auto all = parse_simulated_payment(
      "simulated:?latency=150ms&decline=2.5%&timeout=1%&charged_no_answer=0%&error=100%&reject=3%&jitter=0."
      "5s&seed=42&book=/tmp/book");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->latency, 150ms);
  EXPECT_DOUBLE_EQ(all->decline, 0.025);
  EXPECT_DOUBLE_EQ(all->error, 1);
  EXPECT_DOUBLE_EQ(all->reject, 0.03);
  EXPECT_EQ(all->jitter, 500ms);
  EXPECT_EQ(all->seed, 42u);
  EXPECT_EQ(all->book, "/tmp/book");
  EXPECT_TRUE(parse_simulated_payment("simulated:"));
  EXPECT_TRUE(parse_simulated_payment("simulated:?latency=2s&decline=0%"));
  struct Row {
    const char* text;
    const char* says;
  };
  const Row rows[] = {
      {"simulate:", "simulated:"},
      {"simulated:latency=2s", "?name=value"},
      {"simulated:?latency=2", "2s or 150ms"},
      {"simulated:?latency=-2s", "latency=-2s"},
      {"simulated:?latency=nans", "latency"},
      {"simulated:?latency=2h", "at most an hour"},
      {"simulated:?decline=5", "0% to 100%"},
      {"simulated:?decline=101%", "0% to 100%"},
      {"simulated:?decline=", "decline="},
      {"simulated:?decline", "name=value"},
      {"simulated:?seed=1.5", "whole number"},
      {"simulated:?seed=1&seed=2", "twice"},
      {"simulated:?book=", "a file"},
      {"simulated:?colour=red", "colour"},
  };
  for (const Row& row : rows) {
    const auto parsed = parse_simulated_payment(row.text);
    ASSERT_FALSE(parsed) << row.text;
    EXPECT_NE(parsed.error().message.find(row.says), std::string::npos) << parsed.error().message;
  }
}

}  // namespace
}  // namespace scalemart
