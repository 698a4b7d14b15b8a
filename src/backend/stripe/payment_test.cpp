#include "backend/stripe/payment.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace scalemart {
namespace {

using namespace std::chrono_literals;

/// Answers a search with `found`, a read with the payment of that name, and nothing else.
class ScriptedStripe final : public StripeTransport {
 public:
  void send(StripeCall call, StripeDone done) override {
    calls.push_back(call.path);
    StripeAnswer answer;
    answer.status = 200;
    if (call.path.starts_with("/v1/payment_intents/search"))
      answer.body = R"({"object":"search_result","data":[)" + found + "]}";
    else if (call.path.starts_with("/v1/payment_intents/pi_paid?"))
      answer.body = intent("pi_paid", "succeeded");
    else if (call.path.starts_with("/v1/payment_intents/pi_open?"))
      answer.body = intent("pi_open", "requires_payment_method");
    else
      answer.status = 404;
    done(answer);
  }
  static std::string intent(const std::string& id, const std::string& status) {
    return R"({"object":"payment_intent","id":")" + id + R"(","status":")" + status + R"("})";
  }
  std::string found;
  std::vector<std::string> calls;
};

/// Of an order that is older than Stripe's keys.
class OldOrderTest : public testing::Test {
 protected:
  PaymentResult looked_up() {
    ManualClock clock;
    clock.advance(24h);
    StripePayment payments(stripe, clock, StripeSettings{});
    ChargeRequest request;
    request.order = OrderId{static_cast<std::uint64_t>(clock.wall().ms - 21LL * 3600 * 1000) << 16, 1};
    request.deadline = clock.steady() + 30s;
    PaymentResult heard;
    payments.lookup(request, [&](PaymentResult result) { heard = std::move(result); });
    return heard;
  }
  ScriptedStripe stripe;
  const std::string paid = ScriptedStripe::intent("pi_paid", "succeeded");
  const std::string open = ScriptedStripe::intent("pi_open", "requires_payment_method");
  const std::string ended = ScriptedStripe::intent("pi_ended", "canceled");
};

TEST_F(OldOrderTest, ThePaidPaymentCountsWhateverLiesBesideIt) {
  for (const std::string& found : {open + "," + paid, paid + "," + open, ended + "," + open + "," + paid}) {
    stripe.found = found;
    const PaymentResult result = looked_up();
    EXPECT_EQ(result.outcome, PaymentOutcome::approved) << found << ": " << result.detail;
    EXPECT_EQ(result.reference, "pi_paid");
  }
}

TEST_F(OldOrderTest, AnEndedPaymentDoesNotHideTheOpenOne) {
  stripe.found = ended + "," + open;
  EXPECT_EQ(looked_up().outcome, PaymentOutcome::not_found) << "nothing was charged, it can be";
}

TEST_F(OldOrderTest, BetweenTwoOpenOnesAPersonDecides) {
  stripe.found = open + "," + ScriptedStripe::intent("pi_other", "processing");
  const PaymentResult result = looked_up();
  EXPECT_EQ(result.outcome, PaymentOutcome::rejected);
  EXPECT_NE(result.detail.find("several open payments"), std::string::npos);
}

TEST_F(OldOrderTest, WhatCannotBeReadDecidesNothing) {
  stripe.found = R"({"object":"payment_intent"})";
  EXPECT_EQ(looked_up().outcome, PaymentOutcome::unavailable);
}

}  // namespace
}  // namespace scalemart
