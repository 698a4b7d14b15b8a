#include "backend/simulated/book.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "backend/embedded/test_folder.hpp"
#include "backend/simulated/payment.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;
using enum PaymentOutcome;
using Entry = BankBook::Entry;

/// As many processes as it has banks: each has opened the book by itself.
struct BankBookTest : ::testing::Test {
  std::unique_ptr<BankBook> open() {
    auto book = BankBook::open(folder.path() / "book");
    EXPECT_TRUE(book.has_value());
    return std::move(*book);
  }
  SimulatedPayment bank(SimulatedPaymentSettings settings = {}) { return {clock, std::move(settings), open()}; }
  PaymentOutcome hear(SimulatedPayment& bank, const std::function<void(PaymentDone)>& ask) {
    PaymentOutcome heard = misconfigured;
    ask([&](PaymentResult result) { heard = result.outcome; });
    clock.advance(31s);
    bank.answer_due();
    return heard;
  }
  ChargeRequest request(OrderId id) const {
    ChargeRequest request;
    request.order = id;
    request.deadline = clock.steady() + 30s;
    return request;
  }
  PaymentOutcome charge(SimulatedPayment& bank, OrderId id) {
    return hear(bank, [&](PaymentDone done) { bank.charge(request(id), std::move(done)); });
  }
  PaymentOutcome lookup(SimulatedPayment& bank, OrderId id) {
    return hear(bank, [&](PaymentDone done) { bank.lookup(request(id), std::move(done)); });
  }
  PaymentOutcome cancel(SimulatedPayment& bank, OrderId id) {
    return hear(bank, [&](PaymentDone done) { bank.cancel(request(id), std::move(done)); });
  }
  std::string text() {
    std::ifstream file(folder.path() / "book");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  test::TestFolder folder;
  ManualClock clock;
  const OrderId order{1, 2}, other{1, 3};
};

TEST_F(BankBookTest, EveryProcessReadsWhatAnotherWrote) {
  const auto one = open(), two = open();
  EXPECT_EQ(BankBook::Page(*two).find(order), Entry::none);
  EXPECT_TRUE(BankBook::Page(*one).write(order, Entry::charged));
  EXPECT_EQ(BankBook::Page(*two).find(order), Entry::charged);
  EXPECT_TRUE(BankBook::Page(*two).write(order, Entry::cancelled));
  EXPECT_EQ(BankBook::Page(*one).find(order), Entry::cancelled) << "the last line counts";
  EXPECT_EQ(BankBook::Page(*open()).find(order), Entry::cancelled);
  EXPECT_EQ(BankBook::Page(*one).find(other), Entry::none);
}

TEST_F(BankBookTest, AChargeStandsThereOnceWhoeverAsks) {
  SimulatedPayment one = bank(), two = bank();
  EXPECT_EQ(lookup(two, order), not_found);
  EXPECT_EQ(charge(one, order), approved);
  EXPECT_EQ(lookup(two, order), approved);
  EXPECT_EQ(charge(two, order), approved);
  EXPECT_EQ(charge(one, order), approved);
  EXPECT_EQ(text(), "charged " + to_string(order) + "\n");
}

TEST_F(BankBookTest, AChargeWithoutAnAnswerIsFoundByAnotherProcess) {
  SimulatedPaymentSettings silent;
  silent.charged_no_answer = 1;
  SimulatedPayment one = bank(silent), two = bank(silent);
  EXPECT_EQ(charge(one, order), unknown);
  EXPECT_EQ(lookup(two, order), approved);
  EXPECT_EQ(text(), "charged " + to_string(order) + "\n");
}

TEST_F(BankBookTest, WhatOneProcessCancelledAnotherCannotCharge) {
  SimulatedPayment one = bank(), two = bank();
  EXPECT_EQ(charge(one, order), approved);
  EXPECT_EQ(cancel(two, order), approved);
  EXPECT_EQ(charge(one, order), declined);
  EXPECT_EQ(lookup(one, order), declined);
}

TEST_F(BankBookTest, WhatIsNotUnderstoodIsPassedOver) {
  std::ofstream(folder.path() / "book") << "\ncharged nobody\nwhat\ncharged " << to_string(order) << "\ncharg";
  const auto book = open();
  EXPECT_EQ(BankBook::Page(*book).find(order), Entry::charged);
  EXPECT_EQ(BankBook::Page(*book).find(other), Entry::none);
}

TEST_F(BankBookTest, AFolderThatIsNotThereIsAnErrorThatNamesIt) {
  const auto book = BankBook::open(folder.path() / "nowhere" / "book");
  ASSERT_FALSE(book.has_value());
  EXPECT_NE(book.error().message.find("nowhere"), std::string::npos);
}

}  // namespace
}  // namespace scalemart
